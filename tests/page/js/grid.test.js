import assert from "node:assert/strict";
import { test } from "node:test";
import { numbered } from "../../../static/js/results/grid.js";

test("cells know the first of their digits among all", () => {
  const cells = [
    ["4", "", "-12"],
    ["?", "8", ""],
  ];
  assert.deepEqual(numbered(cells), [
    [
      { text: "4", digit: 0 },
      { text: "", digit: -1 },
      { text: "-12", digit: 1 },
    ],
    [
      { text: "?", digit: -1 },
      { text: "8", digit: 3 },
      { text: "", digit: -1 },
    ],
  ]);
});
