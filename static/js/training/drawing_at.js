/** The sheet beside the training: what is drawn on it is read by the network of this moment. */

import { byId, setText } from "../dom.js";
import { BLANK, isBlank, toBlob, withStroke } from "../drawing/drawing.js";
import { History } from "../drawing/history.js";
import { KeyboardPen } from "../drawing/keyboard.js";
import { Sheet } from "../drawing/sheet.js";
import { count, percent } from "../format.js";
import { bars } from "./plots.js";
import { ask } from "./service.js";
import { table } from "./views.js";

const ASIDE = "Draw a digit while it learns.";

export class DrawingAt {
  #history = new History(BLANK);
  #sheet;
  #pen;
  #run = null;
  #step = 0;
  #asked = "";
  #reading = false;

  constructor() {
    this.#sheet = new Sheet(byId("sheet"), {
      onDraft: () => {},
      onStroke: (stroke) => this.#change(withStroke(this.drawing, stroke)),
    });
    this.#pen = new KeyboardPen(byId("sheet"), this.#sheet, (text) => setText(byId("whisper"), text));
    byId("undo").onclick = () => this.#move("undo");
    byId("redo").onclick = () => this.#move("redo");
    byId("clear").onclick = () => this.clear();
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#show();
  }

  get drawing() {
    return this.#history.present;
  }

  clear() {
    if (!isBlank(this.drawing)) this.#change(BLANK);
  }

  /** Let the network of a run that is at this step read the drawing, if it has not yet. */
  read(run = this.#run, step = this.#step) {
    [this.#run, this.#step] = [run, step];
    return this.#read();
  }

  /** There is nobody to ask any more. */
  leave() {
    this.#run = null;
  }

  #change(drawing) {
    this.#history.push(drawing);
    this.#show();
  }

  #move(direction) {
    this.#pen.lift();
    if (this.#history[direction]()) this.#show();
  }

  /** Ctrl+Z and Ctrl+Y (or Ctrl+Shift+Z), unless a text is being written. */
  #key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea")) return;
    const key = event.key.toLowerCase();
    const direction = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" && "undo";
    if (!direction) return;
    event.preventDefault();
    this.#move(direction);
  }

  #show() {
    this.#sheet.show(this.drawing, 1);
    byId("undo").disabled = !this.#history.canUndo;
    byId("redo").disabled = !this.#history.canRedo;
    byId("clear").disabled = isBlank(this.drawing);
    this.#asked = "";
    if (isBlank(this.drawing)) {
      setText(byId("reads"), ASIDE);
      byId("sure").getContext("2d").clearRect(0, 0, byId("sure").width, byId("sure").height);
    } else this.#read();
  }

  /** One question at a time. */
  async #read() {
    const key = `${this.#run} ${this.#step}`;
    if (!this.#run || this.#reading || isBlank(this.drawing) || key === this.#asked) return;
    this.#reading = true;
    this.#asked = key;
    try {
      const { digit, labels, probabilities, step } = await ask(this.#run, await toBlob(this.drawing));
      if (isBlank(this.drawing)) return;
      bars(byId("sure"), probabilities, labels);
      table(byId("sure-table"), [["reads", "sure"], ...probabilities.map((p, i) => [labels[i], percent(p)])]);
      const sure = percent(Math.min(probabilities[digit], 0.999));
      setText(byId("reads"), `After ${count(step)} steps: ${labels[digit]}, ${sure} sure.`);
    } catch (error) {
      setText(byId("reads"), error.message);
    } finally {
      this.#reading = false;
    }
  }
}
