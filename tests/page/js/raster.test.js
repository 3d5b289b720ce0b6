import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, rasterize } from "../../../static/js/drawing/raster.js";

const at = ({ width, pixels }, x, y) => pixels[y * width + x];
const dot = (x, y, width) => ({ width, points: [[x, y, 1]] });

test("no strokes make white paper of the sheet's shape", () => {
  const image = rasterize([], 2.5);
  assert.deepEqual([image.width, image.height], [2.5 * HEIGHT, HEIGHT]);
  assert.ok(image.pixels.every((grey) => grey === 255));
});

test("a dot is a disc of the brush's width, with a soft edge", () => {
  const image = rasterize([dot(0.5, 0.5, 0.2)], 1, 100);
  const ink = image.pixels.reduce((sum, grey) => sum + (255 - grey) / 255, 0);
  assert.ok(Math.abs(ink / (Math.PI * 10 ** 2) - 1) < 0.02, `area ${ink}`);
  assert.equal(at(image, 50, 50), 0);
  assert.equal(at(image, 62, 50), 255);
  assert.ok(image.pixels.some((grey) => grey > 0 && grey < 255));
});

test("a line is as long and as thick as it should be", () => {
  const stroke = {
    width: 0.1,
    points: [
      [0.2, 0.5, 1],
      [0.8, 0.5, 1],
    ],
  };
  const image = rasterize([stroke], 1, 200);
  const ink = image.pixels.reduce((sum, grey) => sum + (255 - grey) / 255, 0);
  assert.ok(Math.abs(ink / (120 * 20 + Math.PI * 10 ** 2) - 1) < 0.01, `area ${ink}`);
  assert.equal(at(image, 100, 91), 0);
  assert.equal(at(image, 100, 88), 255);
});

test("a line of very many points is as thick and as dark as one of few", () => {
  const circle = (count) =>
    Array.from({ length: count + 1 }, (_, i) => {
      const turn = (2 * Math.PI * i) / count;
      return [0.5 + 0.3 * Math.cos(turn), 0.5 + 0.3 * Math.sin(turn), 1];
    });
  const [few, many] = [60, 1000].map((count) =>
    rasterize([{ width: 0.1, points: circle(count), smooth: true }]),
  );
  const differences = few.pixels.map((grey, i) => Math.abs(grey - many.pixels[i]));
  assert.ok(Math.max(...differences) <= 64, `${Math.max(...differences)} of 255 at the edge`);
  const ink = ({ pixels }) => pixels.reduce((sum, grey) => sum + 255 - grey, 0);
  assert.ok(Math.abs(ink(few) / ink(many) - 1) < 0.005);
});

test("ink where strokes cross is not lighter than the darker of them", () => {
  const across = {
    width: 0.1,
    points: [
      [0.1, 0.5, 1],
      [0.9, 0.5, 1],
    ],
  };
  const down = {
    width: 0.1,
    points: [
      [0.5, 0.1, 1],
      [0.5, 0.9, 1],
    ],
  };
  const [one, both] = [rasterize([across]), rasterize([across, down])];
  assert.ok(both.pixels.every((grey, i) => grey <= one.pixels[i]));
});

test("strokes that leave the sheet are cut off at its edge", () => {
  const image = rasterize(
    [
      {
        width: 0.2,
        points: [
          [-0.5, -0.2, 1],
          [1.5, 1.2, 1],
        ],
      },
    ],
    1,
    50,
  );
  assert.equal(image.pixels.length, 2500);
  assert.equal(at(image, 25, 25), 0);
});

test("a wide sheet keeps the proportions", () => {
  const image = rasterize([dot(2, 0.5, 0.2)], 2.5, 100);
  assert.equal(at(image, 200, 50), 0);
  assert.equal(at(image, 188, 50), 255);
});
