/** One step, by hand: the batch, its scores and loss, the gradients that come back, the weights. */

import { byId, element, setText } from "../dom.js";
import { count, size } from "../format.js";
import { picture } from "./plots.js";
import { table } from "./views.js";

const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
const exact = (value) => value.toPrecision(5).replace("-", "−");

/** @param names of the classes */
export function showStep({ step, batch, loss, rate, pictures, layers }, names) {
  byId("by-hand").hidden = false;
  setText(
    byId("by-hand-says"),
    `Step ${count(step)}: ${count(batch)} pictures went forward. The mean of their losses is ` +
      `${exact(loss)}. Its gradient came back, and every weight moved a little; the rate was ${short(rate)}.`,
  );
  showScores(pictures, names);
  const rows = layers.flatMap((layer) => {
    const came = [layer.layer, size(layer.shape), short(layer.came)];
    if (!layer.weights.length) return [[...came, "", "", "", "", "", ""]];
    return layer.weights.map((row, i) => [
      ...(i ? ["", "", ""] : came),
      row.name.split(".").slice(1).join("."),
      short(row.gradient),
      `[${row.largest.place.join(", ")}]`,
      exact(row.largest.before),
      exact(row.largest.gradient),
      exact(row.largest.after),
    ]);
  });
  const head = ["layer", "gives", "came back", "weights", "gradient", "one of them", "before", "its gradient", "after"];
  table(byId("by-hand-back"), [head, ...rows]);
}

function showScores(pictures, names) {
  const name = (i) => names[i] ?? String(i);
  const head = ["picture", "is", ...pictures[0].scores.map((_, i) => `score of ${name(i)}`), "sure of it", "loss", "gradient at that score"];
  const rows = pictures.map(({ label, scores, probabilities, loss, gradient }) => [
    "",
    name(label),
    ...scores.map((value) => value.toFixed(2).replace("-", "−")),
    probabilities[label].toFixed(4),
    loss.toFixed(4),
    gradient[label].toFixed(3).replace("-", "−"),
  ]);
  table(byId("by-hand-scores"), [head, ...rows]);
  [...byId("by-hand-scores").tBodies[0].rows].forEach((row, i) => {
    const canvas = element("canvas", { role: "img", "aria-label": `A ${name(pictures[i].label)}` });
    picture(canvas, pictures[i].picture);
    row.cells[0].append(canvas);
    row.cells[2 + pictures[i].label].className = "own";
  });
}
