/** Ten digits to try without drawing, as polylines on a 100 × 100 sheet. */

import { svg } from "../dom.js";
import { bounds } from "./strokes.js";

const WIDTH = 0.08;
const GAP = 0.12;

const SHAPES = [
  ["51,16 36,22 28,40 27,60 35,78 50,84 64,78 72,60 71,39 64,22 50,16"],
  ["43,25 53,15 53,40 52,62 51,85"],
  ["30,33 37,20 52,15 66,23 67,38 57,54 42,69 29,83 45,81 73,82"],
  ["31,22 48,15 64,22 63,37 49,46 66,54 69,70 56,83 40,83 28,75"],
  ["45,15 38,32 28,55 50,55 74,54", "60,38 59,60 57,86"],
  ["68,17 36,17 33,45 48,41 65,49 69,66 59,81 42,84 29,76"],
  ["60,15 44,28 33,48 31,68 42,83 58,82 67,70 61,57 46,56 34,66"],
  ["28,19 50,18 72,17 62,38 51,60 44,85"],
  ["64,24 50,15 36,24 39,38 52,48 66,60 68,74 54,85 38,80 33,66 43,53 60,40 66,28 62,21"],
  ["67,28 54,17 39,22 33,37 41,50 56,48 67,32 66,52 62,70 57,86"],
];

/** @returns strokes of a digit */
export function sampleStrokes(digit) {
  return SHAPES[digit].map((line) => ({
    width: WIDTH,
    points: line.split(" ").map((pair) => [...pair.split(",").map((n) => n / 100), 1]),
  }));
}

/** Strokes with one more digit to the right of them; begun anew where the sheet ends. */
export function appendSample(strokes, digit, aspect) {
  const added = sampleStrokes(digit);
  const from = bounds(added).left;
  const to = (bounds(strokes)?.right ?? 0) + GAP;
  const fits = to + bounds(added).right - from < aspect;
  const shift = (fits ? to : GAP) - from;
  const moved = added.map((stroke) => ({
    ...stroke,
    points: stroke.points.map(([x, y, scale]) => [x + shift, y, scale]),
  }));
  return [...(fits ? strokes : []), ...moved];
}

/** A small picture of a digit for its button. */
export function sampleIcon(digit) {
  const lines = SHAPES[digit].map((points) => svg("polyline", { points, "stroke-width": 7 }));
  return svg("svg", { viewBox: "15 5 70 90", "aria-hidden": "true" }, ...lines);
}
