/**
 * The sheet of paper: it follows one mouse, finger or pen, and paints strokes at any pixel density.
 */

import { createStroke, extendStroke, flatten, pressureScale } from "./strokes.js";

/** Paper stays white and ink dark in every colour scheme: that is what the picture looks like. */
const INK = "#17140f";
const PAPER = "#ffffff";

/** Widths that differ by less, in heights of the sheet, look the same. */
const SAME_WIDTH = 0.001;

/** A palm often touches just before or after the pen; in this time only the pen counts. */
const PALM_MS = 700;

export class Sheet {
  #canvas;
  #context;
  #listeners;
  #draft = null;
  #pointer = null;
  #lastPen = -Infinity;
  #drawing = { strokes: [], picture: null };
  #aspect = 1;
  #framePending = false;

  brush = 0.08;
  /** Where the keyboard's pen is, `{ x, y, down }`, or null while it is not in use. */
  cursor = null;

  /** @param listeners `{ onDraft(stroke), onStroke(stroke) }`: while the pen moves, and at its end */
  constructor(canvas, listeners) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#listeners = listeners;
    const on = (type, handler) => canvas.addEventListener(type, handler);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event)); // the ink stays
    on("lostpointercapture", (event) => this.#up(event));
    on("contextmenu", (event) => this.#draft && event.preventDefault());
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  get aspect() {
    return this.#aspect;
  }

  get draft() {
    return this.#draft;
  }

  /** Show strokes, or a picture (an `ImageBitmap` or `<img>`), on a sheet `aspect` times as wide as high. */
  show(drawing, aspect) {
    this.#drawing = drawing;
    this.#aspect = aspect;
    this.redraw();
  }

  begin(point) {
    this.#draft = createStroke(this.brush, point);
    this.#changed();
  }

  extend(point) {
    const longer = extendStroke(this.#draft, point);
    if (longer === this.#draft) return;
    this.#draft = longer;
    this.#changed();
  }

  end() {
    const stroke = this.#draft;
    this.#draft = null;
    this.#pointer = null;
    if (stroke) this.#listeners.onStroke(stroke);
  }

  redraw() {
    if (this.#framePending) return;
    this.#framePending = true;
    requestAnimationFrame(() => {
      this.#framePending = false;
      this.#paint();
    });
  }

  #changed() {
    this.#listeners.onDraft(this.#draft);
    this.redraw();
  }

  #down(event) {
    if (event.button !== 0) return;
    const pen = event.pointerType === "pen";
    if (event.pointerType === "touch" && event.timeStamp - this.#lastPen < PALM_MS) return;
    if (this.#pointer && !(pen && this.#pointer.type === "touch")) return;
    if (this.#pointer)
      this.#draft = null; // it was the palm, not a finger that draws
    else this.end(); // what the keyboard's pen has drawn so far
    this.#pointer = { id: event.pointerId, type: event.pointerType };
    if (pen) this.#lastPen = event.timeStamp;
    this.#capture(event.pointerId);
    this.cursor = null;
    this.begin(this.#locate(event));
  }

  #move(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    if (event.pointerType === "pen") this.#lastPen = event.timeStamp;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const moment of coalesced.length ? coalesced : [event]) this.extend(this.#locate(moment));
  }

  #up(event) {
    if (event.pointerId === this.#pointer?.id) this.end();
  }

  #capture(pointerId) {
    try {
      this.#canvas.setPointerCapture(pointerId);
    } catch {
      // The pointer is gone already, or a script made it; its events come without capture too.
    }
  }

  /** The place of a pointer event on the sheet, in fractions of the sheet's height. */
  #locate({ clientX, clientY, pointerType, pressure }) {
    const box = this.#canvas.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * this.#aspect;
    return [x, (clientY - box.top) / box.height, pressureScale(pointerType, pressure)];
  }

  #paint() {
    const density = window.devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * density);
    const height = Math.round(this.#canvas.clientHeight * density);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const { strokes, picture } = this.#drawing;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = PAPER;
    context.fillRect(0, 0, width, height);
    if (picture) paintPicture(context, picture.image, width, height);
    context.setTransform(height, 0, 0, height, 0, 0);
    for (const stroke of strokes) paintStroke(context, stroke);
    if (this.#draft) paintStroke(context, this.#draft);
    if (this.cursor) paintCursor(context, this.cursor, this.brush);
  }
}

/** Where a picture is put on the sheet: whole, in the middle, as large as possible. */
export function contain(imageWidth, imageHeight, width, height) {
  const scale = Math.min(width / imageWidth, height / imageHeight);
  const [w, h] = [imageWidth * scale, imageHeight * scale];
  return { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h };
}

function paintPicture(context, image, width, height) {
  const place = contain(image.width, image.height, width, height);
  context.imageSmoothingEnabled = image.width > 64; // a tiny picture shows its pixels
  context.drawImage(image, place.x, place.y, place.width, place.height);
}

export function paintStroke(context, stroke) {
  const line = flatten(stroke);
  Object.assign(context, { strokeStyle: INK, fillStyle: INK, lineCap: "round", lineJoin: "round" });
  const [x, y, radius] = line[0];
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.beginPath();
  let width = 0;
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1], line[i]];
    if (Math.abs(from[2] + to[2] - width) > SAME_WIDTH) {
      context.stroke(); // a path has one width
      width = context.lineWidth = from[2] + to[2];
      context.beginPath();
      context.moveTo(from[0], from[1]);
    }
    context.lineTo(to[0], to[1]);
  }
  context.stroke();
}

function paintCursor(context, { x, y, down }, brush) {
  context.strokeStyle = "#c2410c";
  context.lineWidth = 0.008;
  context.beginPath();
  context.arc(x, y, brush / 2 + 0.012, 0, 2 * Math.PI);
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    const inner = brush / 2 + (down ? 0.012 : -0.012);
    context.moveTo(x + dx * inner, y + dy * inner);
    context.lineTo(x + dx * (brush / 2 + 0.04), y + dy * (brush / 2 + 0.04));
  }
  context.stroke();
}
