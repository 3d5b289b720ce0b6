import assert from "node:assert/strict";
import { test } from "node:test";

import {
  channelOf,
  kernelOf,
  multiply,
  partialSums,
  sum,
  valueAt,
  windowOf,
  windowOrigin,
} from "../../../static/js/inspector/arithmetic.js";

const numbers = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7));

test("a window begins at stride times position, less the padding", () => {
  assert.deepEqual(
    windowOrigin(
      3,
      5,
      [1, 1],
      [
        [0, 0],
        [0, 0],
      ],
    ),
    [3, 5],
  );
  assert.deepEqual(
    windowOrigin(
      0,
      2,
      [2, 3],
      [
        [1, 1],
        [2, 2],
      ],
    ),
    [-1, 4],
  );
});

test("what lies in the padding is zero", () => {
  const input = { shape: [2, 2, 1], values: Float32Array.of(1, 2, 3, 4) };
  assert.deepEqual(windowOf(input, [-1, -1], [3, 3], 0), [
    [0, 0, 0],
    [0, 1, 2],
    [0, 3, 4],
  ]);
});

test("channels are picked out of interleaved arrays", () => {
  const array = { shape: [2, 2, 3], values: Float32Array.from({ length: 12 }, (_, i) => i) };
  assert.deepEqual([...channelOf(array, 1)], [1, 4, 7, 10]);
  assert.deepEqual(kernelOf(array, 2), [
    [2, 5],
    [8, 11],
  ]);
  assert.equal(valueAt(array, 1, 0, 2), 8);
});

test("the partial sums of all channels make the convolution", () => {
  const input = { shape: [5, 6, 4], values: numbers(120, 1) };
  const kernel = { shape: [3, 2, 4], values: numbers(24, 9) };
  const [top, left] = windowOrigin(
    1,
    2,
    [2, 2],
    [
      [1, 1],
      [0, 0],
    ],
  );
  let expected = 0;
  for (let y = 0; y < 3; y++) {
    for (let x = 0; x < 2; x++) {
      for (let c = 0; c < 4; c++) {
        expected +=
          input.values[((top + y) * 6 + left + x) * 4 + c] * kernel.values[(y * 2 + x) * 4 + c];
      }
    }
  }
  const sums = partialSums(input, kernel, [top, left]);
  assert.equal(sums.length, 4);
  assert.ok(Math.abs(sum([sums]) - expected) < 1e-9);
});

test("products are taken place by place", () => {
  assert.deepEqual(
    multiply(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ),
    [
      [5, 12],
      [21, 32],
    ],
  );
});
