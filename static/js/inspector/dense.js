// @ts-check
/** A dense layer inspected: which inputs raise one of its numbers, and which lower it. */

import { classNames, element, readsDigits } from "../dom.js";
import { sum, withAllDigits } from "./arithmetic.js";
import { probability, rounded, significant } from "../format.js";
import { reachOf } from "./map_view.js";

/** @import { DenseDetail, LayerDescription, LayerInspector, Scores } from "./interface.d.ts" */

/** How many of the inputs are spelled out: those that weigh most. */
const SHOWN = 12;

/** What is said of the layer's work. */
const FORWARDS = {
  name: (channel, count) => {
    if (count !== classNames().length) return `Number ${channel + 1} of ${count}`;
    return `Score of ${readsDigits() ? "digit " : ""}${classNames()[channel]}`;
  },
  all: "inputs, each times its weight, add up to",
  term: "input",
  end: (bias) => ` With the bias ${significant(bias)} that is `,
};

/** What is said of its way back: the same sum, of what came back to every output. */
export const BACKWARDS = {
  name: (channel, count) => `Input ${channel + 1} of ${count}`,
  all: "numbers of dout, each times the weight that the input went out with, add up to",
  term: "output",
  end: () => " So the gradient that is sent back to this input is ",
};

/** @implements {LayerInspector<DenseDetail>} */
export class DenseInspector {
  #layer;
  #terms = element("ol", { className: "terms" });
  #equation = element("p", { className: "equation", "aria-live": "polite" });
  #softmax = element("p", { className: "equation" });

  #words;

  /**
   * @param {LayerDescription} layer
   * @param {typeof FORWARDS} words
   */
  constructor(layer, words = FORWARDS) {
    this.#layer = layer;
    this.#words = words;
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
    return this.#words.name(channel, count);
  }

  /**
   * @param {DenseDetail} detail
   * @param {Scores} scores
   */
  show({ channel, input, weights, bias, output }, { logits, temperature }) {
    const [terms, others] = strongestTerms(input.values, weights.values);
    const parts = terms.map((term) => term.product);
    const rest = sum([others]);
    const total = sum([[...parts, rest]]);
    const shown = sum([[total, bias]]);
    const reach = reachOf(parts);
    this.#terms.replaceChildren(...terms.map((term) => termItem(term, reach, this.#words.term)));
    this.#equation.replaceChildren(
      `${input.values.length} ${this.#words.all} ${significant(total)}; ` +
        `the ${terms.length} that weigh most are below, the others make ${significant(rest)}.` +
        this.#words.end(bias),
      element("strong", {}, significant(shown)),
      `.${withAllDigits(shown, output)}`,
    );
    const last = this.#words === FORWARDS && this.#layer.output_shape[0] === logits.length;
    this.#softmax.textContent = last ? softmaxSentence(logits, temperature, channel) : "";
  }

  clear() {
    this.#terms.replaceChildren();
    this.#softmax.textContent = "";
    this.#equation.textContent = "Draw something to see its numbers.";
  }
}

/** The inputs that weigh most, with weights and products, and the products of all others. */
export function strongestTerms(input, weights, count = SHOWN) {
  const terms = Array.from(input, (value, index) => ({
    index,
    value,
    weight: weights[index],
    product: rounded(rounded(value) * rounded(weights[index])),
  }));
  terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
  return [terms.slice(0, count), terms.slice(count).map((term) => term.product)];
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
  const scores = logits.map((logit) => (logit === null ? -Infinity : rounded(logit)));
  const all = logits.length === 10 ? "ten" : logits.length;
  const few = logits.length <= LISTED;
  const list = scores.map((score) => significant(score)).join(", ");
  const share = probability(softmax(scores, rounded(temperature))[channel]);
  const exact = probability(softmax(logits.map((logit) => logit ?? -Infinity), temperature)[channel]);
  return (
    `${few ? `The ${all} scores are ${list}. ` : ""}Divided by the temperature ` +
    `${significant(temperature)} and put through softmax${few ? "" : ` with all ${all}`}, ` +
    `${few ? "that" : "the score"} of ${classNames()[channel]} becomes ${share}.` +
    (share === exact ? "" : ` (With all digits it is ${exact}.)`)
  );
}

function termItem({ index, value, weight, product }, reach, name) {
  const bar = element("span", { className: product < 0 ? "term-bar below" : "term-bar" });
  bar.style.setProperty("--share", reach > 0 ? `${Math.abs(product) / reach}` : "0");
  const text = `${name} ${index + 1}: ${significant(value)} × ${significant(weight)} = ${significant(product)}`;
  return element("li", {}, element("span", { className: "term-text" }, text), bar);
}
