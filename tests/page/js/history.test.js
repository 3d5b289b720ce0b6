import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../../static/js/drawing/history.js";

test("undo and redo walk through all states", () => {
  const history = new History("a");
  history.push("b");
  history.push("c");
  assert.equal(history.undo() && history.present, "b");
  assert.equal(history.undo() && history.present, "a");
  assert.equal(history.undo(), false);
  assert.equal(history.redo() && history.present, "b");
  assert.equal(history.redo() && history.present, "c");
  assert.equal(history.redo(), false);
});

test("a new state after undo leaves nothing to redo", () => {
  const history = new History("a");
  history.push("b");
  history.undo();
  history.push("c");
  assert.equal(history.canRedo, false);
  assert.equal(history.undo() && history.present, "a");
});

test("only so many states are kept", () => {
  const history = new History(0);
  for (let i = 1; i <= 1000; i++) history.push(i);
  while (history.undo());
  assert.equal(history.present, 800);
});
