import assert from "node:assert/strict";
import { test } from "node:test";

import { colourOf, inkOn, isVector, luminanceOf, peakOf } from "../../../static/js/results/maps.js";

const colours = { zero: [255, 255, 255], positive: [200, 0, 0], negative: [0, 0, 200] };

test("zero is the colour of the card, the largest magnitude the full colour", () => {
  assert.deepEqual(colourOf(0, 5, colours), colours.zero);
  assert.deepEqual(colourOf(5, 5, colours), colours.positive);
  assert.deepEqual(colourOf(-5, 5, colours), colours.negative);
  assert.deepEqual(colourOf(1, 0, colours), colours.zero, "a map of zeros");
});

test("a larger value is a stronger colour", () => {
  const reds = [0.1, 0.5, 1].map((value) => colourOf(value, 1, colours)[1]);
  assert.ok(reds[0] > reds[1] && reds[1] > reds[2]);
});

test("ink on a colour is whichever can be read", () => {
  for (let i = 0; i < 17 ** 3; i++) {
    const colour = [i % 17, Math.floor(i / 17) % 17, Math.floor(i / 289)].map((part) => part * 15);
    const ink = inkOn(colour) === "#000" ? 0 : 1;
    const [low, high] = [ink, luminanceOf(colour)].sort((a, b) => a - b);
    assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${colour}`);
  }
});

test("maps are found in their sprite", () => {
  // Three maps of 2 × 2, two to a row of the sprite.
  const bytes = Uint8Array.of(1, 2, 9, 1, 3, 4, 1, 1, 5, 1, 0, 0, 7, 1, 0, 0);
  const sprite = { bytes, width: 4, columns: 2, count: 3, tile: [2, 2] };
  assert.deepEqual(
    [0, 1, 2].map((map) => peakOf(sprite, map)),
    [4, 9, 7],
  );
  assert.equal(isVector(sprite), false);
  assert.equal(isVector({ count: 1, tile: [1, 10] }), true);
});
