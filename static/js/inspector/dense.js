// @ts-check
/** A dense layer inspected: which inputs raise one of its numbers, and which lower it. */

import { classNames, element, readsDigits } from "../dom.js";
import { probability, signed } from "../format.js";
import { reachOf } from "./map_view.js";

/** @import { DenseDetail, LayerDescription, LayerInspector, Scores } from "./interface.d.ts" */

/** How many of the inputs are spelled out: those that weigh most. */
const SHOWN = 12;

/** @implements {LayerInspector<DenseDetail>} */
export class DenseInspector {
  #layer;
  #terms = element("ol", { className: "terms" });
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  #softmax = element("p", { className: "equation" });

  /** @param {LayerDescription} layer */
  constructor(layer) {
    this.#layer = layer;
    this.node = element(
      "div",
      { className: "inspector-body" },
      this.#equation,
      this.#terms,
      this.#softmax,
    );
  }

  /**
   * @param {number} channel
   * @param {number} count
   */
  nameOf(channel, count) {
    if (count !== classNames().length) return `Number ${channel + 1} of ${count}`;
    return `Score of ${readsDigits() ? "digit " : ""}${classNames()[channel]}`;
  }

  /**
   * @param {DenseDetail} detail
   * @param {Scores} scores
   */
  show({ channel, input, weights, bias, output }, { logits, temperature }) {
    const terms = strongestTerms(input.values, weights.values);
    const total = output - bias;
    const rest = total - terms.reduce((sum, term) => sum + term.product, 0);
    const reach = reachOf(terms.map((term) => term.product));
    this.#terms.replaceChildren(...terms.map((term) => termItem(term, reach)));
    this.#equation.replaceChildren(
      `${input.values.length} inputs, each times its weight, add up to ${signed(total)}; ` +
        `the ${terms.length} that weigh most are below, the others make ${signed(rest)}. ` +
        `With the bias ${signed(bias)} that is `,
      element("strong", {}, signed(output)),
      ".",
    );
    const last = this.#layer.output_shape[0] === logits.length;
    this.#softmax.textContent = last ? softmaxSentence(logits, temperature, channel) : "";
  }

  clear() {
    this.#terms.replaceChildren();
    this.#softmax.textContent = "";
    this.#equation.textContent = "Draw something to see its numbers.";
  }
}

/** Inputs with their weights and products, those that weigh most first. */
export function strongestTerms(input, weights, count = SHOWN) {
  const terms = Array.from(input, (value, index) => ({
    index,
    value,
    weight: weights[index],
    product: value * weights[index],
  }));
  return terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, count);
}

/** softmax(logits / temperature), safe from overflow. */
export function softmax(logits, temperature = 1) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - most) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Up to how many scores are listed. */
const LISTED = 12;

function softmaxSentence(logits, temperature, channel) {
  const all = logits.length === 10 ? "ten" : logits.length;
  const few = logits.length <= LISTED;
  const list = logits.map((logit) => signed(logit, 1)).join(", ");
  const share = probability(softmax(logits, temperature)[channel]);
  return (
    `${few ? `The ${all} scores are ${list}. ` : ""}Divided by the temperature ` +
    `${temperature.toFixed(2)} and put through softmax${few ? "" : ` with all ${all}`}, ` +
    `${few ? "that" : "the score"} of ${classNames()[channel]} becomes ${share}.`
  );
}

function termItem({ index, value, weight, product }, reach) {
  const bar = element("span", { className: product < 0 ? "term-bar below" : "term-bar" });
  bar.style.setProperty("--share", reach > 0 ? `${Math.abs(product) / reach}` : "0");
  const text = `input ${index + 1}: ${signed(value, 2)} × ${signed(weight, 2)} = ${signed(product, 2)}`;
  return element("li", {}, element("span", { className: "term-text" }, text), bar);
}
