/** Drawing without a pointer: arrow keys move the pen, Space puts it down and lifts it. */

import { percent } from "../format.js";

const STEP = 1 / 28; // one pixel of the network's input
const FINE = STEP / 4;
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

export class KeyboardPen {
  #sheet;
  #say;
  #place = null;

  /** @param say tells a screen reader where the pen is */
  constructor(canvas, sheet, say) {
    this.#sheet = sheet;
    this.#say = say;
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("blur", () => this.#leave());
    canvas.addEventListener("focus", () => {
      if (canvas.matches(":focus-visible")) this.#show();
    });
  }

  get isDown() {
    return this.#sheet.cursor?.down ?? false;
  }

  /** Lift the pen, so that its stroke is finished. */
  lift() {
    if (!this.isDown) return;
    this.#sheet.cursor.down = false;
    this.#sheet.end();
    this.#sheet.redraw();
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS[event.key];
    if (!direction && event.key !== " ") return;
    event.preventDefault();
    if (direction) this.#move(direction, event.shiftKey ? FINE : STEP);
    else if (!event.repeat) this.#toggle();
  }

  #move([dx, dy], step) {
    const cursor = this.#show();
    cursor.x = Math.min(this.#sheet.aspect, Math.max(0, cursor.x + dx * step));
    cursor.y = Math.min(1, Math.max(0, cursor.y + dy * step));
    if (cursor.down) this.#sheet.extend([cursor.x, cursor.y, 1]);
    this.#sheet.redraw();
  }

  #toggle() {
    const cursor = this.#show();
    if (cursor.down) {
      this.lift();
    } else {
      cursor.down = true;
      this.#sheet.begin([cursor.x, cursor.y, 1]);
    }
    const where = `${percent(cursor.x / this.#sheet.aspect, 0)} across, ${percent(cursor.y, 0)} down`;
    this.#say(`Pen ${cursor.down ? "down" : "up"}, ${where}.`);
  }

  #show() {
    if (!this.#sheet.cursor) {
      const start = this.#place ?? { x: this.#sheet.aspect / 2, y: 0.2 };
      this.#sheet.cursor = { x: Math.min(start.x, this.#sheet.aspect), y: start.y, down: false };
      this.#sheet.redraw();
    }
    this.#place = this.#sheet.cursor;
    return this.#sheet.cursor;
  }

  #leave() {
    this.lift();
    this.#sheet.cursor = null;
    this.#sheet.redraw();
  }
}
