import assert from "node:assert/strict";
import { test } from "node:test";

import { covering } from "../../../static/js/inspector/gradient.js";

test("the windows that cover a place are those that it lies in", () => {
  for (const [size, step, before, count] of [
    [2, 2, 0, 5],
    [3, 1, 0, 6],
    [3, 2, 1, 5],
    [2, 3, 0, 4],
  ]) {
    for (let place = 0; place < 14; place++) {
      const expected = [];
      for (let i = 0; i < count; i++) {
        const start = i * step - before;
        if (start <= place && place < start + size) expected.push(i);
      }
      assert.deepEqual(covering(place, size, step, before, count), expected);
    }
  }
});
