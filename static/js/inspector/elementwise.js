// @ts-check
/** A layer without windows or weighted sums, inspected: what goes in, what comes out. */

import { element } from "../dom.js";
import { count, rounded, significant } from "../format.js";
import { MapView, placeOfLargest, reachOf } from "./map_view.js";

/** @import { ElementwiseDetail, LayerDescription, LayerInspector, Plane, Vector, Volume } from "./interface.d.ts" */

/** @implements {LayerInspector<ElementwiseDetail>} */
export class ElementwiseInspector {
  #layer;
  #isVector;
  #input = new MapView("Input");
  #output = new MapView("Output: point at a place", (cell) => this.#follow(cell));
  #flow;
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  #detail = null;
  #cell = null;

  /** @param {LayerDescription} layer */
  constructor(layer) {
    this.#layer = layer;
    this.#isVector = layer.output_shape.length === 1;
    const arrow = element("span", { className: "sign" }, "→");
    this.#flow = element("div", { className: "flow" }, this.#input.node, arrow, this.#output.node);
    this.node = element("div", { className: "inspector-body" }, this.#flow, this.#equation);
  }

  /**
   * @param {number} channel
   * @param {number} total
   */
  nameOf(channel, total) {
    return `${this.#isVector ? "Number" : "Map"} ${channel + 1} of ${total}`;
  }

  /** @param {ElementwiseDetail} detail */
  show(detail) {
    const [before, after] = [arrayOf(detail.input), arrayOf(detail.output)];
    const [input, output] = [planeOf(before), planeOf(after)];
    const total = after.values.length;
    this.#detail = { ...detail, input, output, total, places: before.shape };
    this.#flow.hidden = total === 1; // a single number of a vector is no map
    this.#input.paint(input.values, input.shape, reachOf(input.values));
    this.#output.paint(output.values, output.shape, reachOf(output.values));
    this.#follow(this.#cell ?? placeOfLargest(output.values, output.shape[1]));
  }

  clear() {
    this.#detail = null;
    this.#equation.textContent = "Draw something to see its numbers.";
  }

  #follow([row, column]) {
    if (!this.#detail) return;
    const { input, output, total } = this.#detail;
    const at = Math.min(row * output.shape[1] + column, total - 1); // zeros fill the last row
    this.#cell = cellAt(at, output.shape);
    this.#output.frame(...this.#cell, 1, 1);
    const paired = input.values.length === output.values.length;
    if (paired) this.#input.frame(...cellAt(at, input.shape), 1, 1);
    const [x, out] = [input.values[at], output.values[at]];
    // With three digits of x, not every rule comes to three digits that are right.
    const digits = [0, rounded(x)].includes(rounded(out)) ? 3 : 6;
    this.#equation.replaceChildren(
      paired
        ? `x = ${significant(x, digits)} becomes ${this.#rule(at)}`
        : `Number ${count(at + 1)} of the output is `,
      element("strong", {}, significant(out)),
      ".",
    );
  }

  /** What the layer does with a number x, in words, up to the result. */
  #rule(at) {
    const { rule, view } = this.#layer;
    const numbers = this.#detail;
    if (view === "reshape") {
      const shape = this.#isVector ? "one long row" : "another shape";
      return `number ${count(at + 1)} of ${shape} (${placeIn(numbers.places, at)}): `;
    }
    const filled = rule.replace(/\{(\w+)\}/g, (_, name) => significant(numbers[name], 6));
    return filled ? `${filled}: ` : "";
  }
}

export function cellAt(at, [, columns]) {
  return [Math.floor(at / columns), at % columns];
}

/** The place of number `at` in an array of maps (rows, columns, maps), in words. */
function placeIn(shape, at) {
  if (shape.length < 3) return `it was number ${count(at + 1)}`;
  const [, columns, maps] = shape;
  const [row, column] = cellAt(Math.floor(at / maps), [0, columns]);
  return `it was row ${row + 1}, column ${column + 1} of map ${(at % maps) + 1}`;
}

/** @returns {Volume | Plane | Vector} */
export function arrayOf(numbers) {
  return typeof numbers === "number" ? { shape: [1], values: Float32Array.of(numbers) } : numbers;
}

/**
 * An array as one map: as square as possible, filled up with zeros.
 *
 * @returns {Plane}
 */
export function planeOf(array) {
  const { shape, values } = array;
  if (shape.length === 2) return array;
  const width = Math.ceil(Math.sqrt(values.length));
  const height = Math.ceil(values.length / width);
  const padded = new Float32Array(height * width);
  padded.set(values);
  return { shape: [height, width], values: padded };
}
