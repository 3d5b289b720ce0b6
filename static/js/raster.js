/**
 * Strokes to pixels, in plain arithmetic.
 *
 * The picture that is sent is made here and not read back from the canvas, because browsers that
 * guard privacy add noise to canvas reads.
 */

import { flatten, projection } from "./strokes.js";

/** Height in pixels of the picture that is sent: ten times the network's input. */
export const HEIGHT = 280;

/**
 * Draw strokes black on white.
 *
 * @returns {{ width: number, height: number, pixels: Uint8Array }} grey values, row by row
 */
export function rasterize(strokes, aspect = 1, height = HEIGHT) {
  const width = Math.round(height * aspect);
  const image = { width, height, pixels: new Uint8Array(width * height).fill(255) };
  for (const stroke of strokes) {
    const line = flatten(stroke).map((dot) => dot.map((length) => length * height));
    for (let i = 0; i < Math.max(1, line.length - 1); i++) {
      inkSegment(image, line[i], line[i + 1] ?? line[i]);
    }
  }
  return image;
}

/** Ink one segment with round ends; where the edge crosses a pixel, it is partly covered. */
function inkSegment({ width, height, pixels }, [ax, ay, ar], [bx, by, br]) {
  const reach = Math.max(ar, br) + 1;
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by) + reach));
  const [dx, dy, dr] = [bx - ax, by - ay, br - ar];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5, y + 0.5];
      const t = projection(px, py, ax, ay, dx, dy);
      const distance = Math.hypot(px - ax - t * dx, py - ay - t * dy);
      const coverage = Math.min(1, Math.max(0, ar + t * dr - distance + 0.5));
      const grey = Math.round(255 * (1 - coverage));
      if (grey < pixels[y * width + x]) pixels[y * width + x] = grey;
    }
  }
}
