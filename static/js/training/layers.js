/**
 * Layers in a row: each with its settings, its shape and its parameters. The row is read from the
 * Python of the network, and what is changed in it is written there.
 */

import { byId, element } from "../dom.js";
import { count, size } from "../format.js";

const MOVES = [
  ["Move up", "↑", -1],
  ["Move down", "↓", 1],
];

export class LayerRow {
  #kinds;
  #rows = [];
  #opened = new Set();
  #onChange;

  /**
   * @param kinds what the service says of each kind of layer
   * @param onChange is given the Python of the layers, when a layer was changed here
   */
  constructor(kinds, onChange) {
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    this.#onChange = onChange;
    byId("add-kind").replaceChildren(
      ...kinds.map(({ kind, about }) => element("option", { value: kind, title: about }, kind)),
    );
    byId("add").onclick = () => this.#add();
  }

  /** Show layers as the service reads them. */
  show(rows) {
    this.#rows = rows.map((row) => ({ ...row, settings: { ...row.settings } }));
    const place = byId("add-place");
    const chosen = place.value;
    const numbered = rows.map(({ kind }, i) => element("option", { value: i }, `${i + 1} ${kind}`));
    place.replaceChildren(...numbered, element("option", { value: rows.length }, "the end"));
    place.value = chosen !== "" && Number(chosen) < rows.length ? chosen : rows.length;
    this.#draw();
  }

  /** Draw all rows anew; what has the focus keeps it. */
  #draw() {
    const key = document.activeElement?.dataset?.key;
    byId("layers").replaceChildren(...this.#rows.map((row, i) => this.#item(row, i)));
    if (key) byId("layers").querySelector(`[data-key="${key}"]`)?.focus();
  }

  #item({ layer, kind, shape, parameters }, i) {
    const unfit = !shape && (i === 0 || this.#rows[i - 1].shape);
    const gives = shape ? size(shape) : unfit ? "does not fit" : "–";
    const learns = parameters ? `, ${count(parameters)} parameters` : "";
    const details = element(
      "details",
      { open: this.#opened.has(i) },
      element("summary", { "data-key": `${i}` }, layer),
      element(
        "div",
        { className: "fields" },
        ...this.#kinds.get(kind).settings.map((setting) => this.#field(setting, i)),
      ),
    );
    details.ontoggle = () => this.#opened[details.open ? "add" : "delete"](i);
    const buttons = MOVES.map(([name, sign, by]) =>
      this.#button(`${name}: ${kind}`, sign, `${i}${by}`, () => this.#move(i, by), !this.#rows[i + by]),
    );
    const remove = () => {
      this.#opened.clear();
      this.#rows.splice(i, 1);
      this.#changed();
    };
    buttons.push(this.#button(`Remove ${kind}`, "×", `${i}x`, remove, this.#rows.length < 2));
    return element(
      "li",
      { className: unfit ? "unfit" : "" },
      details,
      element("span", { className: "gives" }, gives + learns),
      element("span", { className: "moves" }, ...buttons),
    );
  }

  #button(label, text, key, onclick, disabled) {
    return element(
      "button",
      { type: "button", onclick, disabled, title: label, "aria-label": label, "data-key": key },
      text,
    );
  }

  #field({ name, about, choices, others }, i) {
    const value = this.#rows[i].settings[name] ?? "";
    const key = `${i}.${name}`;
    const label = element("label", { title: about }, `${name} `);
    const written = { value, "data-key": key, spellcheck: false };
    const suggested = `choices-${key}`;
    const input = others
      ? element("input", written)
      : element("select", { "data-key": key }, ...choices.map((one) => element("option", {}, one)));
    input.value = value;
    if (others && choices.length) {
      input.setAttribute("list", suggested);
      const options = choices.map((one) => element("option", { value: one }));
      label.append(element("datalist", { id: suggested }, ...options));
    }
    input.onchange = () => {
      this.#rows[i].settings[name] = input.value.trim();
      this.#changed();
    };
    label.append(input);
    return label;
  }

  #move(i, by) {
    this.#opened.clear();
    const [row] = this.#rows.splice(i, 1);
    this.#rows.splice(i + by, 0, row);
    byId("layers").querySelector(`[data-key="${i}${by}"]`).dataset.key = `${i + by}${by}`;
    this.#changed();
  }

  #add() {
    const kind = byId("add-kind").value;
    const starts = this.#kinds.get(kind).settings.map(({ name, start }) => [name, start]);
    const place = Number(byId("add-place").value);
    this.#opened = new Set([place]);
    this.#rows.splice(place, 0, { kind, settings: Object.fromEntries(starts), layer: `${kind}()` });
    this.#changed();
  }

  #changed() {
    const lines = this.#rows.map((row) => `    ${this.#python(row)},\n`);
    this.#onChange(`Sequential([\n${lines.join("")}])`);
  }

  /** The expression that makes a layer; what is as by default is left out. */
  #python({ kind, settings }) {
    const said = this.#kinds.get(kind).settings.flatMap(({ name, default: usual }) => {
      const value = settings[name];
      if (usual === null) return [value];
      return value === usual || value === `(${usual}, ${usual})` ? [] : [`${name}=${value}`];
    });
    return `${kind}(${said.join(", ")})`;
  }
}
