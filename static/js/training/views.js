/** What is seen of the network: each plot with a table behind it. */

import { byId, element } from "../dom.js";
import { percent } from "../format.js";
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

/** The last hundred entries of a curve, where they are looked at. */
export function showCurve(curve) {
  if (!byId("curve").closest("details").open) return;
  const rows = curve.slice(-100).map((p) => [
    String(p.step),
    p.loss.toFixed(4),
    percent(p.accuracy),
    p.held_accuracy === null ? "" : percent(p.held_accuracy),
  ]);
  table(byId("curve"), [["step", "loss", "right", "held out"], ...rows]);
}

/** @param names of the classes */
export function showAnswers({ confusion, mistakes, places }, names) {
  const name = (i) => names[i] ?? String(i);
  const head = ["", ...confusion[0].map((_, i) => name(i))];
  table(byId("confusion"), [head, ...confusion.map((row, i) => [name(i), ...row.map(String)])]);
  [...byId("confusion").tBodies[0].rows].forEach((row, i) =>
    [...row.cells].slice(1).forEach((cell, j) => {
      if (confusion[i][j]) cell.className = i === j ? "agree" : "differ";
    }),
  );
  byId("mistakes").replaceChildren(
    ...(mistakes.length ? mistakes.map((one) => mistake(one, name)) : [element("li", {}, "None.")]),
  );
  plots.places(byId("places"), places.points, places.labels, name);
  showCentres(places, name);
}

function mistake({ picture, label, read, sure }, name) {
  const canvas = element("canvas", { role: "img", "aria-label": `A ${name(label)}` });
  plots.picture(canvas, picture);
  const says = `${name(label)}, read as ${name(read)} (${Math.round(100 * sure)} %)`;
  return element("li", {}, canvas, says);
}

/** The table behind the places: where the middle of each class is, and how far it spreads. */
function showCentres({ points, labels }, name) {
  const rows = [...new Set(labels)].sort((a, b) => a - b).map((label) => {
    const own = points.filter((_, i) => labels[i] === label);
    const mean = [0, 1].map((axis) => own.reduce((sum, p) => sum + p[axis], 0) / own.length);
    const spread = Math.sqrt(
      own.reduce((sum, p) => sum + (p[0] - mean[0]) ** 2 + (p[1] - mean[1]) ** 2, 0) / own.length,
    );
    return [name(label), ...mean, spread].map((v) => (typeof v === "number" ? v.toFixed(2) : v));
  });
  table(byId("places-table"), [["class", "across", "up", "spread"], ...rows]);
}

export function showInside({ kernels, maps, histograms }) {
  plots.maps(byId("kernels"), kernels?.values ?? []);
  if (kernels) {
    const rows = kernels.values.map((kernel, i) => [`${i}`, kernel.map((r) => r.join(" ")).join("; ")]);
    table(byId("kernels-table"), [["kernel", "its rows"], ...rows]);
  }
  plots.maps(byId("maps"), maps.values);
  const sizes = maps.values.map((map, i) => [`${i}`, ...spread(map.flat())]);
  table(byId("maps-table"), [["map", "smallest", "mean", "largest"], ...sizes]);
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

/** Smallest, mean and largest of some numbers, to be read. */
function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [Math.min(...values), mean, Math.max(...values)].map((value) => value.toFixed(3));
}

function histogram(cell, { counts }, name) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  cell.append(canvas);
  plots.bars(canvas, counts.map((n) => Math.log1p(n)), [], name);
}
