// @ts-check
/** Parts of the inspectors: a large map that follows pointer and arrow keys, and tables of numbers. */

import { element } from "../dom.js";
import { significant } from "../format.js";
import { colourOf, cssColour, inkOn, paintValues, palette } from "../results/maps.js";

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class MapView {
  #pixels = element("canvas");
  #frame = element("div", { className: "map-window" });
  #map = element("div", { className: "map" }, this.#pixels, this.#frame);
  #caption = element("figcaption");
  #shape = [1, 1];
  #cell = [0, 0];
  #onCell;

  /**
   * @param label names the map
   * @param onCell called with `[row, column]` when a cell is chosen; without it the map only shows
   */
  constructor(label, onCell = null) {
    this.#onCell = onCell;
    this.node = element("figure", { className: "map-figure" }, this.#map, this.#caption);
    this.label = label;
    this.#map.setAttribute("role", onCell ? "application" : "img");
    if (!onCell) return;
    this.#map.tabIndex = 0;
    this.#map.classList.add("live");
    this.#map.addEventListener("pointermove", (event) => this.#point(event));
    this.#map.addEventListener("pointerdown", (event) => this.#point(event));
    this.#map.addEventListener("keydown", (event) => this.#press(event));
  }

  set label(text) {
    this.#caption.textContent = text;
    this.#map.setAttribute(
      "aria-label",
      this.#onCell ? `${text}. Arrow keys choose a place.` : text,
    );
  }

  /** @param values of shape (height, width), coloured relative to `reach` */
  paint(values, shape, reach) {
    this.#shape = shape;
    paintValues(this.#pixels, values, shape, reach);
  }

  /** Frame a window of the map, in cells; a part of it may lie outside, in the padding. */
  frame(top, left, height, width) {
    this.#cell = [top, left];
    const [rows, columns] = this.#shape;
    const share = {
      top: top / rows,
      left: left / columns,
      height: height / rows,
      width: width / columns,
    };
    for (const [side, part] of Object.entries(share)) this.#frame.style[side] = `${100 * part}%`;
  }

  #point({ clientX, clientY, buttons, pointerType }) {
    if (pointerType === "touch" && buttons === 0) return;
    const box = this.#map.getBoundingClientRect();
    const [rows, columns] = this.#shape;
    const row = Math.floor(((clientY - box.top) / box.height) * rows);
    this.#choose(row, Math.floor(((clientX - box.left) / box.width) * columns));
  }

  #press(event) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    this.#choose(this.#cell[0] + step[0], this.#cell[1] + step[1]);
  }

  #choose(row, column) {
    const [rows, columns] = this.#shape;
    this.#onCell([clamp(row, rows), clamp(column, columns)]);
  }
}

function clamp(value, count) {
  return Math.min(count - 1, Math.max(0, value));
}

/**
 * A small table of numbers, coloured like the maps.
 *
 * @param {string} caption
 * @param {number[][]} rows
 * @param {number} reach the magnitude that has the full colour
 * @param {(y: number, x: number) => boolean} marked which numbers are highlighted
 */
export function numberTable(caption, rows, reach, marked = () => false) {
  const colours = palette();
  const cell = (value, y, x) => {
    const colour = colourOf(value, reach, colours);
    const node = element("td", { className: marked(y, x) ? "marked" : "" }, significant(value));
    node.style.background = cssColour(colour);
    node.style.color = inkOn(colour);
    return node;
  };
  const body = rows.map((row, y) => element("tr", {}, ...row.map((value, x) => cell(value, y, x))));
  const table = element("table", { className: "numbers" }, element("caption", {}, caption));
  table.append(element("tbody", {}, ...body));
  return table;
}

/** The largest magnitude among some numbers. */
export function reachOf(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Where the largest number is, as `[row, column]`. */
export function placeOfLargest(values, width) {
  const at = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
  return [Math.floor(at / width), at % width];
}
