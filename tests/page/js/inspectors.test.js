import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ElementwiseInspector } from "../../../static/js/inspector/elementwise.js";
import { INSPECTORS } from "../../../static/js/inspector/inspector.js";

const SOURCE = new URL("../../../static/js/inspector/", import.meta.url);
const MODULES = ["convolution.js", "dense.js", "elementwise.js", "inspector.js", "pooling.js"];

/** The methods of the interface `LayerInspector`, as it is written down. */
function interfaceMethods() {
  const source = readFileSync(new URL("interface.d.ts", SOURCE), "utf8");
  const body = source.match(/interface LayerInspector<.*\{\n([^]*?)\n\}/)[1];
  return [...body.matchAll(/^  (\w+)\(/gm)].map(([, name]) => name);
}

test("the interface of an inspector is written down", () => {
  assert.deepEqual(interfaceMethods(), ["nameOf", "show", "clear"]);
});

for (const inspector of new Set([...Object.values(INSPECTORS), ElementwiseInspector])) {
  test(`${inspector.name} has exactly the methods of the interface`, () => {
    const methods = Object.getOwnPropertyNames(inspector.prototype);
    assert.deepEqual(methods.sort(), ["constructor", ...interfaceMethods()].sort());
  });
}

test("every module of the inspectors asks for type checks, which `npm run types` makes", () => {
  for (const name of MODULES) {
    assert.match(readFileSync(new URL(name, SOURCE), "utf8"), /^\/\/ @ts-check\n/, name);
  }
});
