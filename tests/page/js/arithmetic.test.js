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
  withAllDigits,
} from "../../../static/js/inspector/arithmetic.js";
import { significant } from "../../../static/js/format.js";

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
  assert.ok(Math.abs(sum([sums]) - expected) < 0.05); // three digits of each number
});

/** What somebody reads who has only the page. */
const read = (value) => Number(significant(value).replaceAll("−", "-"));

test("products and sums are those of the numbers that are shown", () => {
  for (let seed = 0; seed < 200; seed++) {
    const scale = 10 ** ((seed % 7) - 3);
    const [a, b] = [seed, seed + 0.5].map((at) => [[...numbers(9, at)].map((x) => x * scale)]);
    const products = multiply(a, b);
    for (let i = 0; i < 9; i++) {
      const byHand = read(a[0][i]) * read(b[0][i]);
      assert.ok(Math.abs(byHand - read(products[0][i])) <= 0.00501 * Math.abs(byHand));
      assert.equal(significant(byHand), significant(products[0][i]));
    }
    const byHand = products[0].map(read).reduce((x, y) => x + y, 0);
    assert.equal(significant(byHand), significant(sum(products)));
  }
});

test("where all digits come to something else, that is said", () => {
  assert.equal(withAllDigits(1.231, 1.2299), "");
  assert.match(withAllDigits(1.23, 1.24), /gets 1\.24\.\)$/);
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
