/**
 * Strokes to pixels, in plain arithmetic.
 *
 * The picture that is sent is made here and not read back from the canvas, because browsers that
 * guard privacy add noise to canvas reads.
 */

import { flatten, projection } from "./strokes.js";

/** Height in pixels of the picture that is sent: ten times the network's input. */
export const HEIGHT = 280;

/** Short pieces of a line are joined until they have this length in pixels; bends within cannot be seen. */
const MIN_PIECE = 1;

/**
 * Draw strokes black on white.
 *
 * @returns {{ width: number, height: number, pixels: Uint8Array }} grey values, row by row
 */
export function rasterize(strokes, aspect = 1, height = HEIGHT) {
  const width = Math.round(height * aspect);
  const image = { width, height, pixels: new Uint8Array(width * height).fill(255) };
  for (const stroke of strokes) inkStroke(image, stroke);
  return image;
}

function inkStroke(image, stroke) {
  const line = flatten(stroke).map((dot) => dot.map((length) => length * image.height));
  let from = line[0];
  line.forEach((dot, i) => {
    const short = Math.hypot(dot[0] - from[0], dot[1] - from[1]) < MIN_PIECE;
    if (short && i < line.length - 1) return;
    inkSegment(image, from, dot);
    from = dot;
  });
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
      const i = y * width + x;
      if (pixels[i] === 0) continue; // as dark as can be
      const t = projection(x + 0.5, y + 0.5, ax, ay, dx, dy);
      const [ex, ey] = [x + 0.5 - ax - t * dx, y + 0.5 - ay - t * dy];
      const distance = Math.sqrt(ex * ex + ey * ey); // Math.hypot takes ten times as long
      const coverage = Math.min(1, Math.max(0, ar + t * dr - distance + 0.5));
      const grey = Math.round(255 * (1 - coverage));
      if (grey < pixels[i]) pixels[i] = grey;
    }
  }
}
