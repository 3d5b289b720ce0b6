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

/** @import { ConvolutionDetail, LayerInspector } from "./interface.d.ts" */

/** @implements {LayerInspector<ConvolutionDetail>} */
export class ConvolutionInspector {
  #input = new MapView("Input");
  #output = new MapView("Output", (cell) => this.#follow(cell));
  #tables = element("div", { className: "tables" });
  #sums = element("div", {
    className: "sums",
    role: "group",
    "aria-label": "What each input map adds",
  });
  #key = element(
    "p",
    { className: "label" },
    "What each input map adds; choose one to see its products",
  );
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  /** @type {ConvolutionDetail | null} */
  #detail = null;
  #cell = null;
  #channel = null;

  constructor() {
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
    return `Map ${channel + 1} of ${count}`;
  }

  /** @param {ConvolutionDetail} detail */
  show(detail) {
    this.#detail = detail;
    const { shape, values } = detail.output;
    this.#output.label = `Output map ${detail.channel + 1}: point at a place to see how it is computed`;
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
    const channel = this.#channel ?? sums.indexOf(Math.max(...sums));
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
        ? "Input, with the window"
        : `Input map ${channel + 1} of ${channels}, with the window`;
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
      numberTable("window", seen, reachOf(seen.flat())),
      element("span", { className: "sign" }, "×"),
      numberTable("kernel", weights, reachOf(weights.flat())),
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
      bar.setAttribute("aria-label", `Input map ${i + 1} adds ${significant(value)}`);
      bar.title = `Input map ${i + 1}: ${significant(value)}`;
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
      sums.length > 1 ? `; over all ${sums.length} input maps that makes ${significant(total)}` : "";
    const end = ` With the bias ${significant(bias)} the output at row ${row + 1}, column ${column + 1} is `;
    this.#equation.replaceChildren(
      `${products}${all}.${end}`,
      element("strong", {}, significant(shown)),
      `.${withAllDigits(shown, exact)}`,
    );
  }
}
