// @ts-check
/** A pooling layer inspected: a window, and the one number that it becomes. */

import { sum, windowOf, windowOrigin, withAllDigits } from "./arithmetic.js";
import { element } from "../dom.js";
import { significant } from "../format.js";
import { MapView, numberTable, placeOfLargest, reachOf } from "./map_view.js";

/** @import { LayerDescription, LayerInspector, PoolingDetail } from "./interface.d.ts" */

/** @implements {LayerInspector<PoolingDetail>} */
export class PoolingInspector {
  #input = new MapView("Input, with the window");
  #output = new MapView("Output: point at a place to see where it comes from", (cell) =>
    this.#follow(cell),
  );
  #table = element("div", { className: "tables" });
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  #word;
  /** @type {PoolingDetail | null} */
  #detail = null;
  #cell = null;

  /** @param {LayerDescription} layer */
  constructor({ rule }) {
    this.#word = rule;
    this.node = element(
      "div",
      { className: "inspector-body" },
      element("div", { className: "flow" }, this.#input.node, this.#table, this.#output.node),
      this.#equation,
    );
  }

  /**
   * @param {number} channel
   * @param {number} count
   */
  nameOf(channel, count) {
    return `Map ${channel + 1} of ${count}`;
  }

  /** @param {PoolingDetail} detail */
  show(detail) {
    this.#detail = detail;
    const { input, output } = detail;
    const reach = reachOf(input.values);
    this.#input.paint(input.values, input.shape, reach);
    this.#output.paint(output.values, output.shape, reach);
    this.#follow(this.#cell ?? placeOfLargest(output.values, output.shape[1]));
  }

  clear() {
    this.#detail = null;
    this.#table.replaceChildren();
    this.#equation.textContent = "Draw something to see its numbers.";
  }

  #follow(cell) {
    if (!this.#detail) return;
    this.#cell = cell;
    const { input, output, pool, stride, padding } = this.#detail;
    const origin = windowOrigin(...cell, stride, padding);
    const plane = { shape: [...input.shape, 1], values: input.values };
    const seen = windowOf(plane, origin, pool, 0);
    const result = output.values[cell[0] * output.shape[1] + cell[1]];
    const largest = (y, x) => this.#word === "largest" && seen[y][x] === result;
    this.#table.replaceChildren(numberTable("window", seen, reachOf(input.values), largest));
    this.#input.frame(...origin, ...pool);
    this.#output.frame(...cell, 1, 1);
    const count = seen.flat().length;
    const shown = this.#word === "largest" ? result : sum(seen) / count;
    this.#equation.replaceChildren(
      `The ${this.#word} of these ${count} numbers is kept: `,
      element("strong", {}, significant(shown)),
      `.${withAllDigits(shown, result)}`,
    );
  }
}
