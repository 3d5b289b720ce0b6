// @ts-check
/** The way back through a layer without weighted sums: what came back, and what is sent on. */

import { rounded, significant } from "../format.js";
import { element } from "../dom.js";
import { sum, withAllDigits } from "./arithmetic.js";
import { arrayOf, cellAt, planeOf } from "./elementwise.js";
import { MapView, reachOf } from "./map_view.js";

/** @import { GradientDetail, LayerDescription, LayerInspector } from "./interface.d.ts" */

/** @implements {LayerInspector<GradientDetail>} */
export class GradientInspector {
  #layer;
  #dout = new MapView("dout: what came back");
  #dx = new MapView("dx, what is sent back: point at a place", (cell) => this.#follow(cell));
  #flow;
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  #detail = null;
  #cell = null;

  /** @param {LayerDescription} layer */
  constructor(layer) {
    this.#layer = layer;
    const arrow = element("span", { className: "sign" }, "→");
    this.#flow = element("div", { className: "flow" }, this.#dout.node, arrow, this.#dx.node);
    this.node = element("div", { className: "inspector-body" }, this.#flow, this.#equation);
  }

  /**
   * @param {number} channel
   * @param {number} count
   */
  nameOf(channel, count) {
    return `${this.#layer.input_shape.length === 1 ? "Number" : "Map"} ${channel + 1} of ${count}`;
  }

  /** @param {GradientDetail} detail */
  show(detail) {
    const [before, after] = [arrayOf(detail.input), arrayOf(detail.output)];
    const [dout, dx] = [planeOf(before), planeOf(after)];
    const x = detail.x === undefined ? null : arrayOf(detail.x).values;
    this.#detail = { ...detail, dout, dx, x, count: after.values.length };
    this.#flow.hidden = after.values.length === 1;
    const reach = Math.max(reachOf(dout.values), reachOf(dx.values));
    this.#dout.paint(dout.values, dout.shape, reach);
    this.#dx.paint(dx.values, dx.shape, reach);
    const at = dx.values.findIndex((value) => Math.abs(value) === reachOf(dx.values));
    this.#follow(this.#cell ?? cellAt(at, dx.shape));
  }

  clear() {
    this.#detail = null;
    this.#equation.textContent = "Draw something to see its numbers.";
  }

  #follow([row, column]) {
    if (!this.#detail) return;
    const { dout, dx, count, pool } = this.#detail;
    const at = Math.min(row * dx.shape[1] + column, count - 1);
    this.#cell = cellAt(at, dx.shape);
    this.#dx.frame(...this.#cell, 1, 1);
    const paired = !pool && dout.values.length === dx.values.length;
    if (paired) this.#dout.frame(...cellAt(at, dout.shape), 1, 1);
    const exact = dx.values[at];
    const [words, shown] = pool ? this.#pooled() : this.#passed(at, paired);
    const result = element("strong", {}, significant(shown));
    this.#equation.replaceChildren(words, result, `.${withAllDigits(shown, exact)}`);
  }

  /** What a layer sends back that computes each number from one other. */
  #passed(at, paired) {
    const { dout, dx, x } = this.#detail;
    const [came, sent] = [dout.values[at], dx.values[at]];
    if (!paired) return ["What is sent back here is ", sent];
    if (!x) return [`What came back here is ${significant(came)}; what is sent back is `, sent];
    if (came === 0) return ["Nothing came back here, so what is sent back is ", 0];
    const slope = rounded(sent / came);
    return [
      `${significant(came)} came back. x was ${significant(x[at])}, where the slope is ` +
        `${significant(slope)}; multiplied, that is `,
      rounded(rounded(came) * slope),
    ];
  }

  /** What a pooling sends back to a place: of each window that it lay in, its share. */
  #pooled() {
    const { dout, x, pooled, pool, stride, padding, dx } = this.#detail;
    const [row, column] = this.#cell;
    const parts = [];
    const words = [];
    const rows = covering(row, pool[0], stride[0], padding[0][0], dout.shape[0]);
    const columns = covering(column, pool[1], stride[1], padding[1][0], dout.shape[1]);
    this.#dout.frame(rows[0] ?? 0, columns[0] ?? 0, rows.length, columns.length);
    for (const i of rows) {
      for (const j of columns) {
        const at = i * dout.shape[1] + j;
        const largest = x[row * dx.shape[1] + column] === pooled.values[at];
        const where = `row ${i + 1}, column ${j + 1}`;
        const came = significant(dout.values[at]);
        const mean = this.#layer.rule !== "largest";
        if (mean) words.push(`1/${pool[0] * pool[1]} of the ${came} of ${where}`);
        else if (largest) words.push(`the ${came} of ${where}, being the largest there`);
        else words.push(`nothing of ${where}, not being the largest there`);
        const share = mean ? 1 / (pool[0] * pool[1]) : Number(largest);
        parts.push(rounded(rounded(dout.values[at]) * share));
      }
    }
    if (!parts.length) return ["It lay in no window, so what is sent back to it is ", 0];
    return [`It gets ${words.join(", and ")}: `, sum([parts])];
  }
}

/** The windows that cover a place, along one axis. */
export function covering(place, size, step, before, count) {
  const first = Math.max(0, Math.ceil((place + before - size + 1) / step));
  const last = Math.min(count - 1, Math.floor((place + before) / step));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
