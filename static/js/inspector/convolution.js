// @ts-check
/** A convolution inspected: window times kernel, all products, their sum. */

import {
  channelOf,
  kernelOf,
  multiply,
  partialSums,
  sum,
  valueAt,
  windowOf,
  windowOrigin,
  withAllDigits,
} from "./arithmetic.js";
import { element } from "../dom.js";
import { significant } from "../format.js";
import { MapView, numberTable, placeOfLargest, reachOf } from "./map_view.js";

/** @import { ConvolutionDetail, LayerDescription, LayerInspector } from "./interface.d.ts" */

/** What is said of the layer's work. */
const FORWARDS = {
  name: (channel, count) => `Map ${channel + 1} of ${count}`,
  input: "Input",
  one: "Input map",
  tables: ["window", "kernel"],
  adds: "What each input map adds",
  maps: "input maps",
  output: (channel) => `Output map ${channel + 1}: point at a place to see how it is computed`,
  end: (bias, place) => ` With the bias ${significant(bias)} the output at ${place} is `,
};

/** What is said of its way back: the same sum, of dout under the turned kernel. */
export const BACKWARDS = {
  name: (channel, count) => `Input map ${channel + 1} of ${count}`,
  input: "dout",
  one: "dout, map",
  tables: ["window of dout", "turned kernel"],
  adds: "What comes back from each output map",
  maps: "output maps",
  output: (channel) => `dx of input map ${channel + 1}: point at a place to see what it is the sum of`,
  end: (_, place) => ` That is the gradient that is sent back to ${place}: `,
};

/** @implements {LayerInspector<ConvolutionDetail>} */
export class ConvolutionInspector {
  #words;
  #input = new MapView("Input");
  #output = new MapView("Output", (cell) => this.#follow(cell));
  #tables = element("div", { className: "tables" });
  #sums = element("div", { className: "sums", role: "group" });
  #key = element("p", { className: "label" });
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  /** @type {ConvolutionDetail | null} */
  #detail = null;
  #cell = null;
  #channel = null;

  /**
   * @param {LayerDescription} _layer
   * @param {typeof FORWARDS} words
   */
  constructor(_layer, words = FORWARDS) {
    this.#words = words;
    this.#sums.setAttribute("aria-label", words.adds);
    this.#key.textContent = `${words.adds}; choose one to see its products`;
    this.node = element(
      "div",
      { className: "inspector-body" },
      element("div", { className: "flow" }, this.#input.node, this.#tables, this.#output.node),
      this.#equation,
      this.#key,
      this.#sums,
    );
  }

  /**
   * @param {number} channel
   * @param {number} count
   */
  nameOf(channel, count) {
    return this.#words.name(channel, count);
  }

  /** @param {ConvolutionDetail} detail */
  show(detail) {
    this.#detail = detail;
    const { shape, values } = detail.output;
    this.#output.label = this.#words.output(detail.channel);
    this.#output.paint(values, shape, reachOf(values));
    this.#follow(this.#cell ?? placeOfLargest(values, shape[1]));
  }

  clear() {
    this.#detail = null;
    this.#equation.textContent = "Draw something to see its numbers.";
    this.#tables.replaceChildren();
    this.#sums.replaceChildren();
  }

  #follow(cell) {
    if (!this.#detail) return;
    this.#cell = cell;
    const { input, kernel, stride, padding, dilation } = this.#detail;
    const origin = windowOrigin(...cell, stride, padding);
    const sums = partialSums(input, kernel, origin, dilation);
    const most = Math.max(...sums.map(Math.abs));
    const largest = Math.max(sums.indexOf(most), sums.indexOf(-most));
    const channel = this.#channel ?? largest;
    this.#showInput(channel, origin);
    this.#showTables(channel, origin);
    this.#showSums(sums, channel);
    this.#showEquation(sums, channel);
    this.#output.frame(...cell, 1, 1);
  }

  #showInput(channel, origin) {
    const { input, kernel, dilation = [1, 1] } = this.#detail;
    const [height, width] = [0, 1].map((axis) => (kernel.shape[axis] - 1) * dilation[axis] + 1);
    const values = channelOf(input, channel);
    const channels = input.shape[2];
    this.#input.label =
      channels === 1
        ? `${this.#words.input}, with the window`
        : `${this.#words.one} ${channel + 1} of ${channels}, with the window`;
    this.#input.paint(values, input.shape.slice(0, 2), reachOf(values));
    this.#input.frame(...origin, height, width);
  }

  #showTables(channel, origin) {
    const { input, kernel, dilation } = this.#detail;
    const [height, width] = kernel.shape;
    const seen = windowOf(input, origin, [height, width], channel, dilation);
    const weights = kernelOf(kernel, channel);
    const products = multiply(seen, weights);
    this.#tables.replaceChildren(
      numberTable(this.#words.tables[0], seen, reachOf(seen.flat())),
      element("span", { className: "sign" }, "×"),
      numberTable(this.#words.tables[1], weights, reachOf(weights.flat())),
      element("span", { className: "sign" }, "="),
      numberTable("products", products, reachOf(products.flat())),
    );
  }

  /** One small bar for each input map; choosing one shows its window and kernel. */
  #showSums(sums, channel) {
    this.#sums.hidden = this.#key.hidden = sums.length < 2;
    const reach = reachOf(sums);
    while (this.#sums.children.length > sums.length) this.#sums.lastChild.remove();
    sums.forEach((value, i) => {
      const bar = /** @type {HTMLElement} */ (this.#sums.children[i] ?? this.#addBar(i));
      bar.setAttribute("aria-pressed", String(i === channel));
      bar.setAttribute("aria-label", `Map ${i + 1} adds ${significant(value)}`);
      bar.title = `Map ${i + 1}: ${significant(value)}`;
      bar.style.setProperty("--share", reach > 0 ? `${value / reach}` : "0");
      bar.classList.toggle("below", value < 0);
    });
  }

  #addBar(i) {
    const bar = element("button", { type: "button" });
    bar.addEventListener("click", () => {
      this.#channel = i;
      this.#follow(this.#cell);
    });
    this.#sums.append(bar);
    return bar;
  }

  #showEquation(sums, channel) {
    const { bias, output } = this.#detail;
    const [row, column] = this.#cell;
    const total = sum([sums]);
    const shown = sum([[total, bias]]);
    const exact = valueAt({ shape: [...output.shape, 1], values: output.values }, row, column, 0);
    const products = `The products add up to ${significant(sums[channel])}`;
    const all =
      sums.length > 1 ? `; over all ${sums.length} ${this.#words.maps} that makes ${significant(total)}` : "";
    const end = this.#words.end(bias, `row ${row + 1}, column ${column + 1}`);
    this.#equation.replaceChildren(
      `${products}${all}.${end}`,
      element("strong", {}, significant(shown)),
      `.${withAllDigits(shown, exact)}`,
    );
  }
}
