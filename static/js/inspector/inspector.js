// @ts-check
/** The inspector below the strip: one layer, opened, so that its arithmetic can be followed. */

import { floatsFromBase64 } from "../pixels/base64.js";
import { BACKWARDS as CONVOLUTION_BACK, ConvolutionInspector } from "./convolution.js";
import { BACKWARDS as DENSE_BACK, DenseInspector } from "./dense.js";
import { byId, classNames, element, setText } from "../dom.js";
import { significant, size } from "../format.js";
import { ElementwiseInspector } from "./elementwise.js";
import { GradientInspector } from "./gradient.js";
import { PoolingInspector } from "./pooling.js";

/** @import { LayerDescription, LayerInspector, Scores } from "./interface.d.ts" */

/**
 * What shows a layer, by its `view`; every other one is shown number by number.
 *
 * @type {Record<string, new (layer: LayerDescription) => LayerInspector<any>>}
 */
export const INSPECTORS = {
  convolution: ConvolutionInspector,
  pooling: PoolingInspector,
  dense: DenseInspector,
};

/** What shows the way back through a layer, by its `view`. */
const BACKWARDS = {
  convolution: (layer) => new ConvolutionInspector(layer, CONVOLUTION_BACK),
  dense: (layer) => new DenseInspector(layer, DENSE_BACK),
};

/** Views of layers none of whose maps can be shown by itself. */
const WHOLE = new Set(["reshape", "whole"]);

export class Inspector {
  #requests;
  #node = byId("inspector");
  /** @type {LayerDescription | null} */
  #layer = null;
  #channel = 0;
  /** Whether the way back through a layer is shown. */
  backwards = false;
  /** The class that gradients take for the truth; null is the one that the network reads. */
  #truth = null;
  #said = element("p", { className: "equation" });
  /** @type {LayerInspector<any> | null} */
  #view = null;
  /** @type {{ scores: Scores } | null} */
  #explanation = null;

  /** @param {import("../service/requests.js").Requests} requests */
  constructor(requests) {
    this.#requests = requests;
    this.#node.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close());
  }

  /**
   * @param {LayerDescription} layer
   * @param {number} channel
   */
  open(layer, channel) {
    this.#mark(false);
    this.#layer = layer;
    this.#channel = this.backwards ? 0 : channel; // which is of the output
    this.#show();
    this.#node.scrollIntoView({ block: "nearest" });
    byId("inspector-title").focus({ preventScroll: true });
    this.#mark(true);
    this.#ask();
  }

  /** Show the layer as it works, or the way back through it. */
  #show() {
    const { view, input_shape: from, output_shape: to } = this.#layer;
    const forwards = INSPECTORS[view] ?? ElementwiseInspector;
    const backwards = BACKWARDS[view] ?? ((layer) => new GradientInspector(layer));
    this.#view = this.backwards ? backwards(this.#layer) : new forwards(this.#layer);
    this.#channel = Math.min(this.#channel, (this.backwards ? from : to).at(-1) - 1);
    this.#node.hidden = false;
    this.#said.textContent = "";
    const said = this.backwards ? this.#said : "";
    this.#node.replaceChildren(this.#head(), this.#ways(), said, this.#view.node);
  }

  /** The switch between forwards and backwards, and what is taken for the truth. */
  #ways() {
    const way = (text, back) => {
      const radio = element("input", { type: "radio", name: "way", checked: this.backwards === back });
      radio.onchange = () => {
        this.backwards = back;
        this.#channel = 0;
        this.#show();
        this.#node.querySelector("[name=way]:checked").focus();
        this.#ask();
      };
      return element("label", {}, radio, element("span", {}, text));
    };
    const classes = classNames().map((name, i) => element("option", { value: i }, name));
    const truth = element("select", {}, element("option", { value: "" }, "what it reads"), ...classes);
    truth.value = this.#truth ?? "";
    truth.onchange = () => {
      this.#truth = truth.value === "" ? null : truth.value;
      this.#ask();
    };
    return element(
      "div",
      { className: "ways" },
      element("fieldset", { className: "switch", "aria-label": "Which way" }, way("Forwards", false), way("Backwards", true)),
      this.backwards ? element("label", {}, "If the truth is ", truth) : "",
    );
  }

  /**
   * The drawing has changed, and its numbers with it.
   *
   * @param {{ scores: Scores }} explanation
   */
  refresh(explanation) {
    this.#explanation = explanation;
    this.#ask();
  }

  /** There is no drawing. */
  clear() {
    this.#explanation = null;
    this.#view?.clear();
  }

  #ask() {
    if (!this.#layer || !this.#explanation) return;
    const { index, view } = this.#layer;
    const { scores } = this.#explanation;
    const channel = WHOLE.has(view) ? null : this.#channel;
    const asked = this.backwards ? { gradient: this.#channel, target: this.#truth } : { channel };
    const back = this.backwards;
    this.#requests.detail(index, asked, ({ detail }) => {
      if (detail.layer !== this.#layer?.index || back !== this.backwards) return;
      this.#view.show(unpack(back ? detail.gradient : detail), scores);
      if (back) setText(this.#said, this.#saying(detail.gradient));
    });
  }

  /** What is true of all that comes back. */
  #saying({ target, loss }) {
    const last = this.#layer.index === byId("strip").children.length - 1;
    const start = last ? " To each score comes back its probability, less 1 for the truth." : "";
    return `If it is ${classNames()[target]}, the loss is ${significant(loss)}.${start}`;
  }

  #head() {
    const { name, view, description, source, links = {} } = this.#layer;
    const { input_shape: from, output_shape: to } = this.#layer;
    const code = element("code", {}, source);
    return element(
      "div",
      { className: "inspector-head" },
      element("h3", { id: "inspector-title", tabIndex: -1 }, name),
      element(
        "p",
        {},
        `${description}. ${size(from)} → ${size(to)}. `,
        links.chapter ? readOn("How it works", links.chapter) : "",
        links.chapter ? " · " : "",
        links.code ? readOn(code, links.code) : code,
        links.loops ? " · " : "",
        links.loops ? readOn("as plain loops", links.loops) : "",
      ),
      WHOLE.has(view) ? "" : this.#picker((this.backwards ? from : to).at(-1)),
      element(
        "button",
        { type: "button", className: "quiet", onclick: () => this.#close() },
        "Close",
      ),
    );
  }

  /** The slider that chooses a map, or a number of a vector. */
  #picker(count) {
    const name = element("output", {});
    const label = `Which of the ${count} of ${this.#layer.name}`;
    const range = element("input", { type: "range", min: 0, max: count - 1, "aria-label": label });
    range.value = String(this.#channel);
    const show = () => {
      this.#channel = Number(range.value);
      setText(name, this.#view.nameOf(this.#channel, count));
    };
    range.addEventListener("input", () => {
      show();
      this.#ask();
    });
    show();
    return element("div", { className: "picker" }, range, name);
  }

  #close() {
    this.#node.hidden = true;
    this.#mark(false)?.focus();
    this.#layer = null;
  }

  /** Show in the strip whether the layer is open; returns its button. */
  #mark(open) {
    const button = byId("strip").children[this.#layer?.index]?.querySelector("button");
    button?.setAttribute("aria-expanded", open);
    return button;
  }
}

/** A link to a page to read; a chapter is told the drawing, so that it can lead back to it. */
function readOn(words, address) {
  const link = element("a", { href: address }, words);
  const takeAlong = () => {
    const drawing = /(?:^#|&)(d=[\w-]+)/.exec(location.hash)?.[1];
    if (drawing && address.startsWith("learn#")) link.href = `${address}&${drawing}`;
  };
  link.onclick = link.onauxclick = takeAlong;
  return link;
}

/**
 * A detail with its arrays as `{ shape, values }`.
 *
 * @param {Record<string, any>} detail
 */
export function unpack(detail) {
  const open = (value) =>
    value?.data === undefined
      ? value
      : { shape: value.shape, values: floatsFromBase64(value.data) };
  return Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, open(value)]));
}
