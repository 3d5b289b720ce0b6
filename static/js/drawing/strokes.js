/**
 * Strokes: what a pen did, kept as data, so that it can be redrawn at any size.
 *
 * A stroke is `{ width, points }` and a point `[x, y, scale]`. All lengths are fractions of the
 * canvas's height: y runs from 0 to 1, x from 0 to the canvas's aspect ratio, and the line is
 * `width * scale` thick at a point (`scale` follows the pen's pressure, and is 1 without one).
 * A stroke that came out of a link is `smooth` already: its points are joined by straight lines.
 */

/** Points closer than this to the last one make no visible difference. */
const MIN_STEP = 0.002;

/** Curves are cut into pieces of about this length; a curve has at most `MAX_PIECES`. */
const PIECE = 0.02;
const MAX_PIECES = 16;

export function createStroke(width, point) {
  return { width, points: [point] };
}

/** A stroke with one more point, or the same stroke if the pen has hardly moved. */
export function extendStroke(stroke, point) {
  const [x, y] = stroke.points.at(-1);
  if (Math.hypot(point[0] - x, point[1] - y) < MIN_STEP) return stroke;
  return { ...stroke, points: [...stroke.points, point] };
}

/** Line thickness for a pen's pressure: half to one and a half times the brush. */
export function pressureScale(pointerType, pressure) {
  return pointerType === "pen" && pressure > 0 ? 0.5 + pressure : 1;
}

/**
 * The stroke as a smooth polyline of `[x, y, radius]`.
 *
 * Each inner point becomes the control point of a quadratic curve between the midpoints of its two
 * neighbouring segments; the line still starts and ends where the pen did.
 */
export function flatten({ width, points, smooth = false }) {
  const dots = points.map(([x, y, scale = 1]) => [x, y, (width * scale) / 2]);
  if (smooth || dots.length < 3) return dots;
  const line = [dots[0]];
  let start = dots[0];
  for (let i = 1; i < dots.length - 1; i++) {
    const end = i === dots.length - 2 ? dots[i + 1] : middle(dots[i], dots[i + 1]);
    const pieces = piecesFor(start, dots[i], end);
    for (let k = 1; k <= pieces; k++) line.push(quadratic(start, dots[i], end, k / pieces));
    start = end;
  }
  return line;
}

/** The smallest box around the ink, `{ left, top, right, bottom }`, or null without ink. */
export function bounds(strokes) {
  if (strokes.length === 0) return null;
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y, radius] of strokes.flatMap(flatten)) {
    box.left = Math.min(box.left, x - radius);
    box.top = Math.min(box.top, y - radius);
    box.right = Math.max(box.right, x + radius);
    box.bottom = Math.max(box.bottom, y + radius);
  }
  return box;
}

/**
 * Points that matter, by Ramer, Douglas and Peucker: leaving the others out moves the line by less
 * than `tolerance`.
 */
export function simplify(points, tolerance) {
  if (points.length < 3) return points;
  const last = points.length - 1;
  let farthest = 0;
  let distance = -1;
  for (let i = 1; i < last; i++) {
    const d = distanceToSegment(points[i], points[0], points[last]);
    if (d > distance) [farthest, distance] = [i, d];
  }
  if (distance <= tolerance) return [points[0], points[last]];
  const head = simplify(points.slice(0, farthest + 1), tolerance);
  return [...head.slice(0, -1), ...simplify(points.slice(farthest), tolerance)];
}

export function distanceToSegment([px, py], [ax, ay], [bx, by]) {
  const t = projection(px, py, ax, ay, bx - ax, by - ay);
  return Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
}

/** Where on the segment from (ax, ay) along (dx, dy) the point is nearest: 0 start, 1 end. */
export function projection(px, py, ax, ay, dx, dy) {
  const length = dx * dx + dy * dy;
  if (length === 0) return 0;
  return Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length));
}

function piecesFor(start, control, end) {
  const length =
    Math.hypot(control[0] - start[0], control[1] - start[1]) +
    Math.hypot(end[0] - control[0], end[1] - control[1]);
  return Math.min(MAX_PIECES, Math.max(1, Math.ceil(length / PIECE)));
}

function middle(a, b) {
  return a.map((value, i) => (value + b[i]) / 2);
}

function quadratic(a, control, b, t) {
  const s = 1 - t;
  return a.map((value, i) => s * s * value + 2 * s * t * control[i] + t * t * b[i]);
}
