// @ts-check
/** The inspector below the strip: one layer, opened, so that its arithmetic can be followed. */

import { floatsFromBase64 } from "../pixels/base64.js";
import { ConvolutionInspector } from "./convolution.js";
import { DenseInspector } from "./dense.js";
import { byId, element, setText } from "../dom.js";
import { size } from "../format.js";
import { ElementwiseInspector } from "./elementwise.js";
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

/** Views of layers none of whose maps can be shown by itself. */
const WHOLE = new Set(["reshape", "whole"]);

export class Inspector {
  #requests;
  #node = byId("inspector");
  /** @type {LayerDescription | null} */
  #layer = null;
  #channel = 0;
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
    this.#channel = channel;
    this.#view = new (INSPECTORS[layer.view] ?? ElementwiseInspector)(layer);
    this.#node.hidden = false;
    this.#node.replaceChildren(this.#head(), this.#view.node);
    this.#node.scrollIntoView({ block: "nearest" });
    byId("inspector-title").focus({ preventScroll: true });
    this.#mark(true);
    this.#ask();
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
    this.#requests.detail(index, channel, ({ detail }) => {
      if (detail.layer === this.#layer?.index) this.#view.show(unpack(detail), scores);
    });
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
      WHOLE.has(view) ? "" : this.#picker(to.at(-1)),
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
