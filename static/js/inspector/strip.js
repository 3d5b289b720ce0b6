/** The strip of layers: the output of each for the drawing, live. */

import { Inspector } from "./inspector.js";
import { byId, element } from "../dom.js";
import { size } from "../format.js";
import { gridOf, isVector, paintScores, paintTiles, peakOf } from "../results/maps.js";

/** A layer with at most this many numbers shows each of them with its index. */
const MAX_SCORES = 16;

export class Strip {
  #requests;
  #inspector;
  #cards = [];
  #explanation = null;
  /** The name of the layer that is opened as soon as there are maps. */
  #wanted = null;

  constructor(requests) {
    this.#requests = requests;
    this.#inspector = new Inspector(requests);
    const watcher = new IntersectionObserver(([entry]) => {
      requests.mapsAreSeen = entry.isIntersecting;
      this.#paint();
      requests.refreshMaps();
    });
    watcher.observe(byId("layers"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
  }

  /** @param layers as in GET /model; their maps come later */
  build(layers) {
    this.#cards = layers.map((layer) => this.#card(layer));
    this.clear();
    byId("strip").replaceChildren(...this.#cards.map(({ item }) => item));
  }

  /** @param explanation of /explain, its sprites decoded */
  show(explanation) {
    if (this.#cards.length !== explanation.layers.length) this.build(explanation.layers);
    this.#explanation = explanation;
    this.#paint();
    this.#inspector.refresh(explanation);
    const wanted = explanation.layers.find(({ name }) => name === this.#wanted);
    this.#wanted = null;
    if (wanted) this.#inspector.open(wanted, strongest(wanted.maps));
  }

  /** Open a layer once there is a drawing, as it works or backwards. */
  openSoon(name, backwards) {
    this.#wanted = name;
    this.#inspector.backwards = backwards;
    byId("layers").scrollIntoView();
  }

  clear() {
    this.#explanation = null;
    this.#paint();
    this.#inspector.clear();
  }

  #paint() {
    if (!this.#requests.mapsAreSeen) return;
    this.#cards.forEach(({ canvas, layer, paint }, i) => {
      paint(canvas, this.#explanation?.layers[i].maps ?? emptySprite(layer.output_shape));
    });
  }

  #card(layer) {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const button = element(
      "button",
      {
        type: "button",
        className: "layer-open",
        "aria-expanded": "false",
        "aria-label": `Open ${layer.name}, ${size(layer.output_shape)}`,
      },
      canvas,
    );
    button.addEventListener("click", (event) => this.#open(layer, event, canvas));
    const item = element(
      "li",
      { className: "layer" },
      element("h3", {}, layer.name, element("span", {}, size(layer.output_shape))),
      button,
      element("p", {}, layer.description),
    );
    Object.assign(item.dataset, { name: layer.name, kind: layer.kind });
    const scores = layer.output_shape.length === 1 && layer.output_shape[0] <= MAX_SCORES;
    item.classList.toggle("scores-layer", scores);
    return { item, canvas, layer, paint: scores ? paintScores : paintTiles };
  }

  /** A click opens the map under the pointer; the keyboard opens the strongest map. */
  #open(layer, event, canvas) {
    const maps = this.#explanation?.layers[layer.index].maps;
    const pointed = event.detail > 0 ? mapAt(canvas, event, layer.output_shape) : null;
    this.#inspector.open(layer, pointed ?? (maps ? strongest(maps) : 0));
  }
}

/** Which feature map of a painted card lies under the pointer, or null. */
function mapAt(canvas, { clientX, clientY }, shape) {
  const count = shape.at(-1);
  const [columns, rows] = gridOf(count);
  const box = canvas.getBoundingClientRect();
  const column = Math.floor(((clientX - box.left) / box.width) * columns);
  const row = Math.floor(((clientY - box.top) / box.height) * rows);
  const map = row * columns + column;
  return column >= 0 && column < columns && map >= 0 && map < count ? map : null;
}

/** The map (or number of a vector) that reaches farthest above zero. */
function strongest(maps) {
  const peaks = isVector(maps)
    ? [...maps.bytes.subarray(0, maps.tile[1])]
    : Array.from({ length: maps.count }, (_, map) => peakOf(maps, map));
  return peaks.indexOf(Math.max(...peaks));
}

function emptySprite(shape) {
  const size = shape.reduce((product, side) => product * side, 1);
  const [height, count] = shape.length > 1 ? [shape[0], shape.at(-1)] : [1, 1];
  const width = size / height / count;
  const bytes = new Uint8Array(height * width * count);
  return { bytes, width, columns: 1, count, tile: [height, width], min: 0, max: 0 };
}
