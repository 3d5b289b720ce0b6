/** The bench of a layer that treats every number by itself: what goes in, what comes out. */

import { element } from "./dom.js";
import { signed } from "./format.js";
import { MapView, placeOfLargest, reachOf } from "./mapview.js";

/** What becomes of a number x, in words. */
const RULES = {
  ReLU: () => "max(0, x): what is below zero becomes zero",
  LeakyReLU: () => "x where it is positive, a small part of it where it is negative",
  Sigmoid: () => "1 / (1 + e⁻ˣ): pressed between 0 and 1",
  Tanh: () => "tanh x: pressed between −1 and 1",
  Dropout: () => "x: it leaves out numbers at random in training only",
  Flatten: () => "the same numbers, in one long row",
  Reshape: () => "the same numbers, in another shape",
  Softmax: () => "eˣ as a share of the sum over all of them",
  BatchNorm: ({ gamma, beta, mean, variance }) =>
    `(x − ${signed(mean)}) / √${signed(variance)} × ${signed(gamma)} + ${signed(beta)}`,
};

export class PointwiseBench {
  #kind;
  #input = new MapView("Input");
  #output = new MapView("Output: point at a place", (cell) => this.#follow(cell));
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  #detail = null;
  #cell = null;

  constructor({ kind }) {
    this.#kind = kind;
    const arrow = element("span", { className: "sign" }, "→");
    const flow = element("div", { className: "flow" }, this.#input.node, arrow, this.#output.node);
    this.node = element("div", { className: "bench-body" }, flow, this.#equation);
  }

  nameOf(channel, count) {
    return `Map ${channel + 1} of ${count}`;
  }

  show(detail) {
    const [input, output] = [plane(detail.input), plane(detail.output)];
    this.#detail = { ...detail, input, output };
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
    this.#cell = [row, column];
    const { input, output } = this.#detail;
    const at = row * output.shape[1] + column;
    this.#output.frame(row, column, 1, 1);
    const from = [Math.floor(at / input.shape[1]), at % input.shape[1]];
    this.#input.frame(...from, 1, 1);
    this.#equation.replaceChildren(
      `x = ${signed(input.values[at])} becomes ${RULES[this.#kind](this.#detail)}: `,
      element("strong", {}, signed(output.values[at])),
      ".",
    );
  }
}

/** Numbers and vectors as maps: as square as they can be, filled up with zeros. */
function plane(array) {
  if (typeof array === "number") return { shape: [1, 1], values: Float32Array.of(array) };
  const { shape, values } = array;
  if (shape.length === 2) return array;
  const width = Math.ceil(Math.sqrt(values.length));
  const height = Math.ceil(values.length / width);
  const padded = new Float32Array(height * width);
  padded.set(values);
  return { shape: [height, width], values: padded };
}
