import assert from "node:assert/strict";
import { test } from "node:test";

import { placeBox } from "../../../static/js/results/boxes.js";
import {
  BLANK,
  aspectOf,
  isBlank,
  onOtherSheet,
  toBlob,
  withStroke,
} from "../../../static/js/drawing/drawing.js";
import { decodePng } from "../../../static/js/pixels/png.js";
import { appendSample, sampleStrokes } from "../../../static/js/drawing/samples.js";
import { bounds } from "../../../static/js/drawing/strokes.js";
import { fittedSize } from "../../../static/js/pixels/picture.js";
import { gridOf } from "../../../static/js/results/maps.js";
import { softmax, strongestTerms } from "../../../static/js/inspector/dense.js";

const dot = { width: 0.1, points: [[0.5, 0.5, 1]] };
const picture = { blob: new Blob(["x"]), image: { width: 300, height: 200 } };

test("a stroke takes the place of a picture and leaves the old drawing alone", () => {
  const drawing = { ...BLANK, picture };
  const drawn = withStroke(drawing, dot);
  assert.deepEqual([drawn.picture, drawn.strokes], [null, [dot]]);
  assert.equal(drawing.picture, picture);
  assert.deepEqual([isBlank(BLANK), isBlank(drawing), isBlank(drawn)], [true, false, false]);
});

test("a wide sheet takes the shape of a picture, within limits", () => {
  const shape = (width, height) => aspectOf({ wide: true, picture: { image: { width, height } } });
  assert.deepEqual([shape(300, 200), shape(100, 400), shape(900, 100)], [1.5, 1, 2.5]);
  assert.equal(aspectOf(BLANK), 1);
  assert.equal(aspectOf({ ...BLANK, wide: true }), 2.5);
});

test("strokes are sent as a PNG of the sheet's shape, a picture as it is", async () => {
  const blob = await toBlob({ ...BLANK, wide: true, strokes: [dot] });
  assert.equal(blob.type, "image/png");
  const { width, height, pixels } = await decodePng(new Uint8Array(await blob.arrayBuffer()));
  assert.deepEqual([width, height, pixels[140 * 700 + 140]], [700, 280, 0]);
  assert.equal(await toBlob({ ...BLANK, picture }), picture.blob);
});

test("a drawing goes to the middle of a wider sheet and back", () => {
  const wide = onOtherSheet({ ...BLANK, strokes: sampleStrokes(4) });
  assert.equal(wide.wide, true);
  const [narrow, moved] = [bounds(sampleStrokes(4)), bounds(wide.strokes)];
  assert.ok(Math.abs(moved.left - narrow.left - 0.75) < 1e-9);
  assert.ok(Math.abs(moved.top - narrow.top) < 1e-9);
});

test("a long number is made smaller to fit the square sheet", () => {
  const strokes = [0.3, 1.2, 2.2].map((x) => ({
    width: 0.1,
    points: [
      [x, 0.2, 1],
      [x, 0.8, 1],
    ],
  }));
  const narrow = onOtherSheet({ wide: true, strokes, picture: null });
  const box = bounds(narrow.strokes);
  assert.ok(box.left >= 0 && box.right <= 1, JSON.stringify(box));
  assert.ok(Math.abs(box.right - box.left - 0.95) < 1e-9);
});

test("samples are set side by side, and begun anew where the sheet ends", () => {
  let strokes = [];
  for (const digit of [1, 2, 3]) strokes = appendSample(strokes, digit, 2.5);
  assert.equal(strokes.length, 3);
  const boxes = strokes.map((stroke) => bounds([stroke]));
  assert.ok(
    boxes[0].right < boxes[1].left && boxes[1].right < boxes[2].left && boxes[2].right < 2.5,
  );
  while (bounds(strokes).right < 1.9) strokes = appendSample(strokes, 8, 2.5);
  const count = strokes.length;
  for (let i = 0; i < 3 && strokes.length >= count; i++) strokes = appendSample(strokes, 0, 2.5);
  assert.equal(strokes.length, 1, "the sheet was full");
});

test("boxes are laid where the picture is shown, with a margin", () => {
  const close = (box, expected) => {
    for (const side of Object.keys(expected))
      assert.ok(Math.abs(box[side] - expected[side]) < 1e-9, side);
  };
  close(placeBox([70, 28, 140, 56], [700, 280], 2.5, 0), {
    x: 0.25,
    y: 0.1,
    width: 0.5,
    height: 0.2,
  });
  // A square picture in the middle of a wide sheet.
  close(placeBox([0, 0, 100, 100], [100, 100], 2, 0), { x: 0.5, y: 0, width: 1, height: 1 });
});

test("large pictures are shrunk in proportion, small ones left alone", () => {
  assert.deepEqual(fittedSize(4000, 3000, 1600), [1600, 1200]);
  assert.deepEqual(fittedSize(300, 200, 1600), [300, 200]);
  assert.deepEqual(fittedSize(10_000, 2, 1600), [1600, 1]);
});

test("tiles are laid out so that all fit, wider than high", () => {
  for (const count of [1, 6, 8, 10, 24, 96, 128, 1152]) {
    const [columns, rows] = gridOf(count);
    assert.ok(columns * rows >= count && columns * (rows - 1) < count);
    assert.ok(columns >= rows);
  }
});

test("softmax adds up to one, whatever the scores", () => {
  const shares = softmax([1000, 998, -1000], 2);
  assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-12);
  assert.ok(Math.abs(shares[0] / shares[1] - Math.E) < 1e-9);
});

test("the terms of a sum that weigh most come first", () => {
  const [terms, others] = strongestTerms([1, 2, 3, 4], [0.5, -3, 0, 0.1], 2);
  assert.deepEqual(others, [0.4, 0]);
  assert.deepEqual(
    terms.map(({ index, product }) => [index, product]),
    [
      [1, -6],
      [0, 0.5],
    ],
  );
});
