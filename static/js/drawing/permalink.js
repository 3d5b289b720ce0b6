/**
 * A drawing in an address: `#d=…` holds the strokes, in a few hundred letters.
 *
 * Bytes: the version, whether the canvas is wide, then for each stroke its width, twice its number
 * of points (plus 1 if the pressure varies) and the points, each as the difference from the one
 * before: x, y and, if it varies, thickness. Coordinates are counted in 1/1000 of the canvas's
 * height, thickness in 1/100 of the brush; numbers are variable-length (seven bits a byte, low bits
 * first), signed ones zigzag-folded.
 */

import { fromBase64Url, toBase64Url } from "../pixels/base64.js";
import { flatten, simplify } from "./strokes.js";

const VERSION = 1;
const GRID = 1000;
const SCALE = 100;

/** A drawing in a link has at most so many points in all its strokes. */
const MAX_POINTS = 20_000;

/**
 * Most that a drawing in a link may cost to draw. A segment costs the area of the box around it, in
 * squares of the canvas's height, but no more than the whole canvas.
 */
const MAX_AREA = 500;
const CANVAS_AREA = 2.5;

/** @returns {string} the fragment, without `#` */
export function encodeDrawing({ wide, strokes }) {
  const bytes = [VERSION, wide ? 1 : 0];
  for (const stroke of strokes) writeStroke(bytes, stroke);
  return `d=${toBase64Url(Uint8Array.from(bytes))}`;
}

/** The line as it is seen is written, not the pen's path: that would bend otherwise with fewer points. */
function writeStroke(bytes, stroke) {
  const { width } = stroke;
  const line = flatten(stroke).map(([x, y, radius]) => [x, y, (2 * radius) / width]);
  const kept = (stroke.smooth ? line : simplify(line, 0.5 / GRID)).map(quantize);
  const varies = kept.some((point) => point[2] !== SCALE);
  writeVarint(bytes, Math.round(width * GRID));
  writeVarint(bytes, 2 * kept.length + (varies ? 1 : 0));
  let before = [0, 0, SCALE];
  for (const point of kept) {
    const steps = point.map((value, i) => value - before[i]);
    for (const step of varies ? steps : steps.slice(0, 2)) writeVarint(bytes, zigzag(step));
    before = point;
  }
}

/** @returns {{ wide: boolean, strokes: object[] } | null} null for anything that is no drawing */
export function decodeDrawing(fragment) {
  const text = /(?:^|[#&])d=([\w-]+)/.exec(fragment)?.[1];
  if (!text) return null;
  try {
    return readDrawing(new Reader(fromBase64Url(text)));
  } catch {
    return null; // a link cut off or mistyped on its way here
  }
}

function readDrawing(reader) {
  if (reader.byte() !== VERSION) return null;
  const wide = reader.byte() === 1;
  const strokes = [];
  let left = MAX_POINTS;
  while (!reader.done) {
    strokes.push(readStroke(reader, left));
    left -= strokes.at(-1).points.length;
  }
  const area = strokes.reduce((sum, stroke) => sum + areaOf(stroke), 0);
  if (area > MAX_AREA) throw new RangeError(`a drawing of ${area} squares`);
  return { wide, strokes };
}

function readStroke(reader, most) {
  const width = positive(reader.varint()) / GRID;
  const head = reader.varint();
  const [count, numbers] = [Math.floor(head / 2), head % 2 ? 3 : 2];
  if (count < 1 || count > most) throw new RangeError(`a stroke of ${count} points`);
  const point = [0, 0, SCALE];
  const points = [];
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < numbers; i++) point[i] += unzigzag(reader.varint());
    positive(point[2]);
    points.push([point[0] / GRID, point[1] / GRID, point[2] / SCALE]);
  }
  return { width, points, smooth: true };
}

/** A canvas throws on a line of negative thickness. */
function positive(thickness) {
  if (thickness <= 0) throw new RangeError(`a line ${thickness} thick`);
  return thickness;
}

/** What a stroke costs to draw; see `MAX_AREA`. */
function areaOf({ width, points }) {
  let area = 0;
  let before = points[0];
  for (const point of points) {
    const thickness = width * Math.max(before[2], point[2]);
    const [dx, dy] = [Math.abs(point[0] - before[0]), Math.abs(point[1] - before[1])];
    area += Math.min(CANVAS_AREA, (dx + thickness) * (dy + thickness));
    before = point;
  }
  return area;
}

function quantize([x, y, scale]) {
  return [Math.round(x * GRID), Math.round(y * GRID), Math.round(scale * SCALE)];
}

function zigzag(n) {
  return n < 0 ? -2 * n - 1 : 2 * n;
}

function unzigzag(n) {
  return n % 2 ? -(n + 1) / 2 : n / 2;
}

function writeVarint(bytes, n) {
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  bytes.push(n);
}

class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get done() {
    return this.#at >= this.#bytes.length;
  }

  byte() {
    if (this.done) throw new RangeError("the drawing ends too early");
    return this.#bytes[this.#at++];
  }

  varint() {
    let value = 0;
    for (let unit = 1; unit < 2 ** 28; unit *= 128) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
    throw new RangeError("a number is too long");
  }
}
