/** What is seen of the network: each plot with a table behind it. */

import { byId, element } from "../dom.js";
import * as plots from "./plots.js";

/** Fill a table: the first row is its head. */
export function table(node, [head, ...rows]) {
  const cells = (row, name) => row.map((text) => element(name, {}, text));
  const line = (row) =>
    element("tr", {}, element("th", { scope: "row" }, row[0]), ...cells(row.slice(1), "td"));
  node.replaceChildren(
    element("thead", {}, element("tr", {}, ...cells(head, "th"))),
    element("tbody", {}, ...rows.map(line)),
  );
}

export function showAnswers({ confusion, mistakes, places }) {
  const head = ["", ...confusion[0].map((_, i) => String(i))];
  table(byId("confusion"), [head, ...confusion.map((row, i) => [i, ...row].map(String))]);
  [...byId("confusion").tBodies[0].rows].forEach((row, i) =>
    [...row.cells].slice(1).forEach((cell, j) => {
      if (confusion[i][j]) cell.className = i === j ? "right" : "wrong";
    }),
  );
  byId("mistakes").replaceChildren(...mistakes.map(mistake));
  plots.places(byId("places"), places.points, places.labels);
}

function mistake({ picture, label, read, sure }) {
  const canvas = element("canvas", { role: "img", "aria-label": `A ${label}` });
  plots.picture(canvas, picture);
  return element("li", {}, canvas, `${label}, read as ${read} (${Math.round(100 * sure)} %)`);
}

export function showInside({ kernels, maps, histograms }) {
  plots.maps(byId("kernels"), kernels?.values ?? []);
  if (kernels) {
    const rows = kernels.values.map((kernel, i) => [`${i}`, kernel.map((r) => r.join(" ")).join("; ")]);
    table(byId("kernels-table"), [["kernel", "its rows"], ...rows]);
  }
  plots.maps(byId("maps"), maps.values);
  const rows = histograms.map((row) => [
    row.layer,
    "",
    String(row.activations.rms),
    `${row.activations.low} to ${row.activations.high}`,
    row.dead === undefined ? "" : `${(100 * row.dead).toFixed(1)} %`,
    "",
    row.gradients ? String(row.gradients.rms) : "",
  ]);
  const head = ["layer", "activations", "size", "range", "dead", "gradients", "size"];
  table(byId("histograms"), [head, ...rows]);
  [...byId("histograms").tBodies[0].rows].forEach((row, i) => {
    const { activations, gradients } = histograms[i];
    histogram(row.cells[1], activations, "positive");
    if (gradients) histogram(row.cells[5], gradients, "negative");
  });
}

function histogram(cell, { counts }, name) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  cell.append(canvas);
  plots.bars(canvas, counts.map((n) => Math.log1p(n)), [], name);
}
