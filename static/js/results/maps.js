/**
 * Arrays as pictures: zero is the colour of the card, warm is above and blue below zero.
 */

import { classNames } from "../dom.js";
import { fromBase64 } from "../pixels/base64.js";
import { decodePng } from "../pixels/png.js";

/** On a linear scale, weak values could hardly be seen. */
const GAMMA = 0.65;

/**
 * Read a sprite of /explain.
 *
 * @returns {Promise<{ bytes: Uint8Array, width, height, min, max, count, columns, tile: [h, w] }>}
 */
export async function decodeSprite(sprite) {
  const { width, height, channels, pixels } = await decodePng(fromDataUrl(sprite.image));
  const whole = { count: 1, columns: 1, tile: [height, width], channels };
  return { ...whole, ...sprite, bytes: pixels, width, height };
}

export function fromDataUrl(url) {
  return fromBase64(url.slice(url.indexOf(",") + 1));
}

/** How `count` tiles are best laid out, as `[columns, rows]`, about `ratio` times as wide as high. */
export function gridOf(count, ratio = 1.5) {
  const rows = Math.max(1, Math.round(Math.sqrt(count / ratio)));
  return [Math.ceil(count / rows), rows];
}

const palettes = {};

/** The colours of the current scheme, `[r, g, b]` each. */
export function palette() {
  const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return (palettes[scheme] ??= readPalette()); // reading styles makes the browser compute them all
}

function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim().split(/\s+/).map(Number);
  return { zero: read("--zero"), positive: read("--positive"), negative: read("--negative") };
}

/** The colour of a value, where `reach` is the largest magnitude shown. */
export function colourOf(value, reach, colours) {
  const strength = reach > 0 ? Math.min(1, Math.abs(value) / reach) ** GAMMA : 0;
  const end = value < 0 ? colours.negative : colours.positive;
  return colours.zero.map((from, i) => Math.round(from + (end[i] - from) * strength));
}

export function cssColour([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

/** One packed pixel for each of a sprite's 256 byte values. */
function pixelTable({ min, max }, colours = palette()) {
  const reach = Math.max(Math.abs(min), Math.abs(max));
  return Uint32Array.from({ length: 256 }, (_, byte) =>
    packed(colourOf(min + (byte / 255) * (max - min), reach, colours)),
  );
}

/** A pixel as it lies in memory: one number is written ten times as fast as four bytes. */
function packed([red, green, blue]) {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

/** Fill a canvas with packed pixels, one each. */
function put(canvas, width, height, pixels) {
  Object.assign(canvas, { width, height });
  const bytes = new Uint8ClampedArray(pixels.buffer);
  canvas.getContext("2d").putImageData(new ImageData(bytes, width, height), 0, 0);
}

/** The least size of a tile in pixels, so that the gap of one pixel between tiles looks narrow. */
const MIN_TILE = 10;

/** Paint all maps of a layer as tiles; the page scales the canvas up. */
export function paintTiles(canvas, sprite) {
  const cells = isVector(sprite) ? vectorTiles(sprite) : sprite;
  const zoom = Math.ceil(MIN_TILE / Math.min(...cells.tile));
  const [height, width] = cells.tile.map((side) => side * zoom);
  const [columns, rows] = gridOf(cells.count);
  const across = columns * (width + 1) - 1;
  const down = rows * (height + 1) - 1;
  const pixels = new Uint32Array(across * down);
  const table = pixelTable(sprite);
  for (let map = 0; map < cells.count; map++) {
    const from = cornerOf(cells, map);
    const to = Math.floor(map / columns) * (height + 1) * across + (map % columns) * (width + 1);
    for (let y = 0; y < height; y++) {
      const row = from + Math.floor(y / zoom) * cells.width;
      for (let x = 0; x < width; x++) {
        pixels[to + y * across + x] = table[cells.bytes[row + Math.floor(x / zoom)]];
      }
    }
  }
  put(canvas, across, down, pixels);
}

/** Where a map begins among the bytes of its sprite. */
function cornerOf({ width, columns, tile }, map) {
  return Math.floor(map / columns) * tile[0] * width + (map % columns) * tile[1];
}

const SCORE = 108;

/** A few numbers, each in its own large tile with its index, or its class: the scores. */
export function paintScores(canvas, sprite) {
  const names = classNames().length === sprite.tile[1] ? classNames() : [];
  const cells = vectorTiles(sprite);
  const [columns, rows] = gridOf(cells.count);
  Object.assign(canvas, { width: columns * SCORE, height: rows * SCORE });
  const context = canvas.getContext("2d");
  Object.assign(context, {
    font: `500 ${SCORE / 2}px serif`,
    textAlign: "center",
    textBaseline: "middle",
  });
  const reach = Math.max(Math.abs(sprite.min), Math.abs(sprite.max));
  cells.bytes.forEach((byte, i) => {
    const value = sprite.min + (byte / 255) * (sprite.max - sprite.min);
    const colour = colourOf(value, reach, palette());
    const [x, y] = [(i % columns) * SCORE, Math.floor(i / columns) * SCORE];
    context.fillStyle = cssColour(colour);
    context.fillRect(x, y, SCORE - 3, SCORE - 3);
    context.fillStyle = inkOn(colour);
    const name = names[i]?.length <= 2 ? names[i] : i;
    context.fillText(name, x + SCORE / 2, y + SCORE / 2);
  });
}

/** Black or white, whichever is read better on a colour: one of them has a contrast of 4.5. */
export function inkOn(colour) {
  return luminanceOf(colour) > 0.179 ? "#000" : "#fff";
}

/** How light a colour is, from 0 to 1, as WCAG 2 counts it. */
export function luminanceOf(colour) {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Whether a layer's output is a vector. */
export function isVector({ count, tile }) {
  return count === 1 && tile[0] === 1;
}

/** A vector is shown as a field of single pixels. */
function vectorTiles(sprite) {
  const count = sprite.tile[1];
  return { ...sprite, count, columns: count, tile: [1, 1] };
}

/** The largest byte of one map of a sprite. */
export function peakOf(sprite, map) {
  const [height, width] = sprite.tile;
  let most = 0;
  for (let y = 0; y < height; y++) {
    const start = cornerOf(sprite, map) + y * sprite.width;
    for (let x = 0; x < width; x++) most = Math.max(most, sprite.bytes[start + x]);
  }
  return most;
}

/** The input in its own colours, whatever the scheme. */
export function paintInput(canvas, { bytes, width, height, channels }) {
  const colour = (i) =>
    channels === 3 ? bytes.subarray(3 * i, 3 * i + 3) : [bytes[i], bytes[i], bytes[i]];
  const pixels = Uint32Array.from({ length: width * height }, (_, i) => packed(colour(i)));
  put(canvas, width, height, pixels);
}

const HOT = [214, 64, 8];
const COLD = [30, 90, 190];

/** Heat over the pale input: a warm patch raises the class's score, a blue one lowers it. */
export function paintHeat(canvas, { bytes, width, height, min, max }, input) {
  const reach = Math.max(Math.abs(min), Math.abs(max));
  const pixels = Uint32Array.from(bytes, (byte, i) => {
    const value = min + (byte / 255) * (max - min);
    const strength = reach > 0 ? (Math.abs(value) / reach) ** 0.8 : 0;
    const paper = 179 + 0.3 * input.bytes[i * input.channels];
    const end = value < 0 ? COLD : HOT;
    return packed(end.map((colour) => Math.round(paper + (colour - paper) * strength)));
  });
  put(canvas, width, height, pixels);
}

/** Paint an array of numbers, one pixel a value. */
export function paintValues(canvas, values, [height, width], reach) {
  const colours = palette();
  const pixels = Uint32Array.from(values, (value) => packed(colourOf(value, reach, colours)));
  put(canvas, width, height, pixels);
}
