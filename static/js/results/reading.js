/** The reading: the class, how sure it is, bars, the input and the heat map. */

import { byId, classNames, element, readsDigits, setText } from "../dom.js";
import { SEVERAL, numberVerdict, probability, verdict } from "../format.js";
import { showGrid } from "./grid.js";
import { paintHeat, paintInput } from "./maps.js";

export class Reading {
  #bars = [...document.querySelectorAll("#bars li")];
  #input = byId("input");
  #heat = byId("heat");
  #found = byId("found");
  #grid = byId("grid");
  #ink = byId("ink");

  /**
   * @param onChoose called with the index of a digit that was chosen among several
   * @param onSeveral called when what is drawn is to be read as a number
   */
  constructor(onChoose, onSeveral) {
    byId("verdict").addEventListener(
      "click",
      ({ target }) => target.closest("button") && onSeveral(),
    );
    this.#found.addEventListener("click", ({ target }) => {
      const item = target.closest("li");
      if (item) onChoose([...this.#found.children].indexOf(item));
    });
    this.#grid.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button) onChoose(Number(button.dataset.digit));
    });
  }

  /** Nothing is read: the sheet is empty, or a picture was refused, which `sentence` explains. */
  showNothing(sentence = "Nothing drawn yet.") {
    this.#answer("empty", "");
    this.say(sentence);
    this.#showBars(null, -1);
    this.#showFound([]);
    this.#showGrid(null);
    for (const canvas of [this.#input, this.#heat]) canvas.width = canvas.width; // wipes it
    this.#ink.hidden = true;
  }

  /** @param prediction an answer of /predict */
  showPrediction(prediction) {
    const { label, probabilities } = prediction;
    this.#answer(label === null ? "unsure" : "sure", label ?? "?");
    this.#showBars(probabilities, classNames().indexOf(label));
    this.#showFound([]);
    this.#showGrid(null);
  }

  /** @param answer an answer of /read; `chosen` the index of the digit that the bars show */
  showNumber({ digits, text, grid }, chosen) {
    this.#answer(digits.length ? "sure" : "unsure", text);
    this.#showBars(digits[chosen]?.probabilities ?? null, digits[chosen]?.digit ?? -1);
    this.#showFound(grid ? [] : digits, chosen);
    this.#showGrid(grid, chosen);
  }

  /** Say the answer in a sentence, which is read aloud. */
  announce(answer) {
    this.say("digits" in answer ? numberVerdict(answer) : verdict(answer, readsDigits()));
  }

  /** Say a sentence; one that suggests to read a number is a button that does so. */
  say(sentence) {
    const verdict = byId("verdict");
    if (verdict.textContent === sentence) return;
    setText(verdict, sentence);
    if (!sentence.endsWith(SEVERAL)) return;
    const button = element("button", { type: "button", className: "suggestion" });
    button.textContent = SEVERAL;
    verdict.replaceChildren(sentence.slice(0, -SEVERAL.length), button);
  }

  /** Something is drawn, and its reading on the way: "Nothing drawn" is no longer true. */
  wait() {
    if (byId("reading").dataset.state === "empty") this.say("");
  }

  /** @param sprite what the network is given */
  showInput(sprite) {
    paintInput(this.#input, onPaper(sprite));
  }

  showHeat(sprite, input) {
    paintHeat(this.#heat, sprite, onPaper(input));
  }

  /** @param source a data URL, or nothing if the network is given the whole picture */
  showInk(source) {
    this.#ink.hidden = !source;
    if (source) this.#ink.src = source;
  }

  #answer(state, text) {
    const { dataset } = byId("reading");
    this.wait();
    dataset.state = state;
    byId("answer").classList.toggle("letters", !readsDigits());
    byId("answer").classList.toggle("word", !readsDigits() && text.length > 2);
    setText(byId("answer"), text);
  }

  /** A bar for each class, or, if there are more, for the likeliest, best first. */
  #showBars(probabilities, best) {
    const all = classNames().map((_, i) => i);
    const many = all.length > this.#bars.length;
    if (many && probabilities) all.sort((a, b) => probabilities[b] - probabilities[a]);
    this.#bars.forEach((bar, i) => {
      const share = probabilities?.[all[i]];
      bar.classList.toggle("best", all[i] === best);
      bar.querySelector(".bar-fill").style.setProperty("--share", share ?? 0);
      if (many) setText(bar.querySelector(".bar-digit"), probabilities ? classNames()[all[i]] : "");
      setText(bar.querySelector(".bar-value"), probabilities ? probability(share) : "–");
    });
  }

  /** A grid stands in the place of the text, which would be its rows without their gaps. */
  #showGrid(grid, chosen) {
    byId("answer").hidden = Boolean(grid);
    showGrid(this.#grid, grid, chosen);
  }

  /** Buttons are kept where they are, so that the one with the focus does not lose it. */
  #showFound(digits, chosen) {
    const list = this.#found;
    list.hidden = digits.length < 2;
    while (list.children.length > digits.length) list.lastChild.remove();
    digits.forEach(({ digit, confidence, is_digit: isDigit }, i) => {
      const button = list.children[i]?.firstChild ?? appendFound(list);
      button.setAttribute("aria-pressed", i === chosen);
      setText(button.children[0], isDigit ? String(digit) : "?");
      setText(button.children[1], probability(confidence));
    });
  }
}

/** An input as a person would see it: in MNIST's form ink is 255, and paper white. */
function onPaper(sprite) {
  const inked = byId("desk").dataset.form === "mnist";
  return inked ? { ...sprite, bytes: sprite.bytes.map((ink) => 255 - ink) } : sprite;
}

function appendFound(list) {
  const button = element("button", { type: "button" }, element("span"), element("small"));
  list.append(element("li", {}, button));
  return button;
}
