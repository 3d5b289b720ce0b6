import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeDrawing, encodeDrawing } from "../../../static/js/drawing/permalink.js";
import { rasterize } from "../../../static/js/drawing/raster.js";
import { sampleStrokes } from "../../../static/js/drawing/samples.js";
import { distanceToSegment, flatten } from "../../../static/js/drawing/strokes.js";

const stroke = {
  width: 0.08,
  smooth: true,
  points: [
    [0.2, 0.25, 1],
    [0.5, 0.75, 0.6],
    [0.9, 0.1, 1.37],
  ],
};

const reopen = (strokes) => decodeDrawing(`#${encodeDrawing({ wide: false, strokes })}`).strokes;

/** How far a point is from a line. */
const off = (point, line) =>
  Math.min(...line.slice(1).map((end, i) => distanceToSegment(point, line[i], end)));

test("a drawing comes back from its link", () => {
  const drawing = {
    wide: true,
    strokes: [stroke, { width: 0.2, smooth: true, points: [[2.4, 0.999, 1]] }],
  };
  assert.deepEqual(decodeDrawing(`#${encodeDrawing(drawing)}`), drawing);
});

test("strokes that leave the sheet come back, too", () => {
  const points = [
    [-0.3, -0.2, 1],
    [1.2, 1.4, 1],
    [-0.3, -0.2, 1],
  ];
  assert.deepEqual(reopen([{ width: 0.02, smooth: true, points }])[0].points, points);
});

test("the line comes back as it was seen, corners and bends alike", () => {
  const corner = {
    width: 0.1,
    points: [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => [
      0.1 * Math.min(i, 4),
      0.1 * Math.max(0, i - 4),
      1,
    ]),
  };
  const bend = {
    width: 0.1,
    points: [
      [0.1, 0.1, 1],
      [0.9, 0.1, 1],
      [0.9, 0.9, 1],
    ],
  };
  for (const drawn of [corner, bend]) {
    const [seen, again] = [flatten(drawn), flatten(reopen([drawn])[0])];
    for (const point of seen) assert.ok(off(point, again) < 1.5 / 1000);
    for (const point of again) assert.ok(off(point, seen) < 1.5 / 1000);
  }
});

test("a long scribble makes a short link", () => {
  const points = Array.from({ length: 600 }, (_, i) => [
    0.5 + 0.4 * Math.cos(i / 60),
    0.5 + 0.4 * Math.sin(i / 60),
    1,
  ]);
  const link = encodeDrawing({ wide: false, strokes: [{ width: 0.08, points }] });
  assert.ok(link.length < 600, `${link.length} letters`);
});

test("a link of a link is the same link", () => {
  for (let digit = 0; digit < 10; digit++) {
    const link = encodeDrawing({ wide: false, strokes: sampleStrokes(digit) });
    assert.equal(encodeDrawing(decodeDrawing(link)), link);
  }
});

test("links are made of letters that no address has to escape", () => {
  for (let digit = 0; digit < 10; digit++) {
    assert.match(encodeDrawing({ wide: false, strokes: sampleStrokes(digit) }), /^d=[\w-]+$/);
  }
});

test("what is no drawing is none", () => {
  const link = encodeDrawing({ wide: false, strokes: [stroke] });
  for (const broken of [
    "",
    "#",
    "#about",
    "#d=",
    "#d=!!!",
    "#d=A",
    "#d=_____w",
    "#d=AgAA",
    link.slice(0, -3),
  ]) {
    assert.equal(decodeDrawing(broken), null, broken);
  }
});

test("a link cannot ask for endless work", () => {
  const bytes = [1, 0, 80, 254, 255, 255, 127]; // a stroke of 134 million points
  const text = Buffer.from(bytes).toString("base64url");
  assert.equal(decodeDrawing(`#d=${text}`), null);
});

/** A link of strokes whose points are taken as they are. */
const craft = (...strokes) =>
  encodeDrawing({ wide: false, strokes: strokes.map((s) => ({ smooth: true, ...s })) });

test("a link cannot ask for lines without thickness", () => {
  const points = (scale) => [
    [0.1, 0.1, 1],
    [0.5, 0.5, scale],
    [0.9, 0.1, 1],
  ];
  assert.ok(decodeDrawing(craft({ width: 0.1, points: points(0.01) })));
  for (const scale of [0, -0.01, -3]) {
    assert.equal(decodeDrawing(craft({ width: 0.1, points: points(scale) })), null, `${scale}`);
  }
  const link = (...bytes) => `#d=${Buffer.from(bytes).toString("base64url")}`;
  assert.ok(decodeDrawing(link(1, 0, 1, 2, 10, 10)));
  assert.equal(decodeDrawing(link(1, 0, 0, 2, 10, 10)), null);
});

test("a link cannot ask for more points than fit, in one stroke or in many", () => {
  const dots = (count) => Array.from({ length: count }, (_, i) => [0.5, (i % 100) / 100, 1]);
  assert.ok(decodeDrawing(craft({ width: 0.01, points: dots(20_000) })));
  assert.equal(decodeDrawing(craft({ width: 0.01, points: dots(20_001) })), null);
  const halves = [10_000, 10_001].map((count) => ({ width: 0.01, points: dots(count) }));
  assert.equal(decodeDrawing(craft(...halves)), null);
});

test("a link cannot ask for more ink than is soon drawn", () => {
  const across = (count) => Array.from({ length: count }, (_, i) => [i % 2, i % 2, 1]);
  const shown = decodeDrawing(craft({ width: 0.01, points: across(300) }));
  assert.ok(rasterize(shown.strokes).pixels.includes(0));
  assert.equal(decodeDrawing(craft({ width: 0.01, points: across(3000) })), null);
  assert.equal(decodeDrawing(craft({ width: 100, points: across(3000) })), null);
  const far = across(3000).map(([x, y]) => [x * 1000, y * 1000, 1]);
  assert.equal(decodeDrawing(craft({ width: 0.01, points: far })), null);
});
