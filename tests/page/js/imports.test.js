import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../static/js", import.meta.url));

const modules = readdirSync(ROOT, { recursive: true }).filter((name) => name.endsWith(".js"));

/** The modules that a module imports, by their paths below static/js. */
function importsOf(module) {
  const source = readFileSync(join(ROOT, module), "utf8");
  return [...source.matchAll(/^(?:import|\}) .*?from "(.+?)";$/gm)].map(([, name]) =>
    relative(ROOT, resolve(ROOT, dirname(module), name)),
  );
}

/** Folders that lead back to the first of `path`, as a list of names, or null. */
function circle(imports, path) {
  for (const folder of imports.get(path.at(-1))) {
    if (folder === path[0]) return [...path, folder];
    const found = path.includes(folder) ? null : circle(imports, [...path, folder]);
    if (found) return found;
  }
  return null;
}

test("every import leads to a module", () => {
  const found = modules.flatMap(importsOf);
  assert.ok(found.length > modules.length);
  assert.deepEqual(
    found.filter((name) => !modules.includes(name)),
    [],
  );
});

test("no two folders import each other, directly or through others", () => {
  const folders = modules.filter((name) => dirname(name) !== ".").map(dirname);
  const imports = new Map(folders.map((folder) => [folder, new Set()]));
  for (const module of modules.filter((name) => imports.has(dirname(name)))) {
    const others = importsOf(module).map(dirname);
    const foreign = others.filter((folder) => folder !== "." && folder !== dirname(module));
    foreign.forEach((folder) => imports.get(dirname(module)).add(folder));
  }
  for (const folder of imports.keys()) assert.equal(circle(imports, [folder]), null);
});
