import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bounds,
  createStroke,
  distanceToSegment,
  extendStroke,
  flatten,
  pressureScale,
  simplify,
} from "../../../static/js/drawing/strokes.js";

test("a stroke grows by points, and not by points where the pen already is", () => {
  const start = createStroke(0.1, [0.5, 0.5, 1]);
  assert.equal(extendStroke(start, [0.5005, 0.5, 1]), start);
  const longer = extendStroke(start, [0.6, 0.5, 1]);
  assert.deepEqual(longer.points, [
    [0.5, 0.5, 1],
    [0.6, 0.5, 1],
  ]);
  assert.equal(start.points.length, 1, "the shorter stroke is left as it was");
});

test("a smoothed line keeps both ends and stays near its points", () => {
  const points = [
    [0.1, 0.1, 1],
    [0.5, 0.1, 1],
    [0.5, 0.6, 1],
    [0.9, 0.6, 1],
  ];
  const line = flatten({ width: 0.1, points });
  assert.deepEqual(line[0], [0.1, 0.1, 0.05]);
  assert.deepEqual(line.at(-1), [0.9, 0.6, 0.05]);
  for (const dot of line) {
    const nearest = Math.min(
      ...points.slice(1).map((p, i) => distanceToSegment(dot, points[i], p)),
    );
    assert.ok(nearest < 0.15, `${dot} is ${nearest} away`);
  }
});

test("a smoothed line has no long straight pieces in a bend", () => {
  const line = flatten({
    width: 0.1,
    points: [
      [0, 0, 1],
      [0.4, 0, 1],
      [0.4, 0.4, 1],
    ],
  });
  const steps = line.slice(1).map(([x, y], i) => Math.hypot(x - line[i][0], y - line[i][1]));
  assert.ok(Math.max(...steps) < 0.06, `longest piece ${Math.max(...steps)}`);
});

test("a straight line stays straight when smoothed", () => {
  const points = [0.1, 0.2, 0.45, 0.5, 0.8].map((x) => [x, 2 * x - 0.1, 1]);
  for (const [x, y] of flatten({ width: 0.1, points }))
    assert.ok(Math.abs(y - 2 * x + 0.1) < 1e-12);
});

test("pressure makes a pen's line thinner and thicker, and no other pointer's", () => {
  assert.equal(pressureScale("pen", 0.5), 1);
  assert.equal(pressureScale("pen", 1), 1.5);
  assert.equal(pressureScale("mouse", 0.9), 1);
  assert.equal(pressureScale("pen", 0), 1, "a pen that reports no pressure");
});

test("the thickness along a line follows the pressure", () => {
  const line = flatten({
    width: 0.1,
    points: [
      [0, 0, 0.5],
      [1, 0, 1.5],
    ],
  });
  assert.deepEqual(
    line.map((dot) => dot[2].toFixed(6)),
    ["0.025000", "0.075000"],
  );
});

test("bounds enclose the ink, not only the pen's path", () => {
  const box = bounds([
    {
      width: 0.2,
      points: [
        [0.5, 0.5, 1],
        [0.5, 0.8, 1],
      ],
    },
  ]);
  for (const [side, value] of Object.entries({ left: 0.4, top: 0.4, right: 0.6, bottom: 0.9 })) {
    assert.ok(Math.abs(box[side] - value) < 1e-12, `${side} ${box[side]}`);
  }
  assert.equal(bounds([]), null);
});

test("simplifying drops what lies on the line and keeps corners", () => {
  const corner = [
    [0, 0],
    [0.25, 0.0004],
    [0.5, 0],
    [0.5, 0.3],
    [0.5, 0.6],
  ];
  assert.deepEqual(simplify(corner, 0.001), [
    [0, 0],
    [0.5, 0],
    [0.5, 0.6],
  ]);
});

test("simplifying moves the line by no more than the tolerance", () => {
  const circle = Array.from({ length: 200 }, (_, i) => [Math.cos(i / 32), Math.sin(i / 32)]);
  const kept = simplify(circle, 0.01);
  assert.ok(kept.length < 60);
  for (const point of circle) {
    const off = Math.min(...kept.slice(1).map((end, i) => distanceToSegment(point, kept[i], end)));
    assert.ok(off <= 0.01 + 1e-12);
  }
});
