/**
 * Runs side by side: the one that is watched and earlier ones, each with a name, a colour and its
 * final figures, in one plot. They are kept by the browser, on this machine, until they are removed.
 */

import { byId, element } from "../dom.js";
import { count, percent } from "../format.js";
import { colour, lines } from "./plots.js";

const KEY = "training-room-runs";
const MOST_RUNS = 8;
const MOST_POINTS = 300;
/** Milliseconds between two times that a run under way is kept, so that a page loaded anew has it. */
const SELDOM = 2000;
const HUES = [150, 280, 45, 330, 190, 95, 0, 235];

const PLOTS = [
  ["loss", "held_loss", { log: true }],
  ["accuracy", "held_accuracy", { top: 1 }],
];

export class Runs {
  #runs = load();
  #onAdopt;
  #kept = 0;

  /** @param onAdopt is given the settings of a run that are wanted again */
  constructor(onAdopt) {
    this.#onAdopt = onAdopt;
    this.draw();
  }

  get current() {
    return this.#runs[0];
  }

  get all() {
    return this.#runs;
  }

  /** A run begins: the one before it stays in the plot. */
  begin(id, settings) {
    const known = this.#runs.find((run) => run.id === id);
    const used = this.#runs.map((run) => run.number);
    const number = 1 + Math.max(0, ...used);
    const run = { id, number, name: `Run ${number}`, settings, shown: true, status: {} };
    if (known) this.#runs.splice(this.#runs.indexOf(known), 1);
    for (const earlier of known ? [] : this.#runs.slice(1)) earlier.shown &&= earlier.chosen === true;
    this.#runs = [{ ...run, ...known, curve: known?.curve ?? [] }, ...this.#runs].slice(0, MOST_RUNS);
    this.#keep();
    this.draw();
  }

  add(points, status) {
    const { curve } = this.current;
    const first = points[0]?.step;
    if (first <= curve.at(-1)?.step) curve.splice(curve.findIndex((p) => p.step >= first)); // told again
    curve.push(...points);
    this.current.status = figures(status);
    const over = isOver(status.state);
    if (over || performance.now() - this.#kept > SELDOM) this.#keep();
    if (points.length || over) this.draw();
  }

  draw() {
    const shown = this.#runs.filter((run) => run.shown && run.curve.length);
    for (const [name, held, options] of PLOTS) {
      const of = (run, key) => run.curve.filter((p) => p[key] !== null).map((p) => [p.step, p[key]]);
      const all = shown.toReversed().flatMap((run) => [
        { points: of(run, held), colour: shade(run, this.current, "negative"), dashed: true },
        { points: of(run, name), colour: shade(run, this.current, "positive"), name: `${run.number}` },
      ]);
      lines(byId(name), all, options);
    }
    const right = this.current?.curve.findLast((p) => p.held_accuracy !== null)?.held_accuracy;
    byId("loss").dataset.held = right ?? "";
    this.#table();
  }

  #table() {
    byId("runs-part").hidden = !this.#runs.length;
    if (byId("runs").contains(document.activeElement)) return; // a name is being written
    const head = ["Show", "Run", "Network", "Rate", "Steps", "Loss", "Held out", "Seconds", ""];
    byId("runs").replaceChildren(
      element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, ...this.#runs.map((run) => this.#row(run))),
    );
  }

  #row(run) {
    const { status, settings, number } = run;
    const show = element("input", { type: "checkbox", checked: run.shown, "aria-label": `Show ${run.name}` });
    show.onchange = () => {
      run.shown = run.chosen = show.checked;
      show.blur();
      this.#keep();
      this.draw();
    };
    const name = element("input", { value: run.name, "aria-label": `Name of run ${number}`, maxLength: 40 });
    name.onchange = () => {
      run.name = name.value;
      this.#keep();
    };
    const again = element("button", { type: "button", className: "quiet" }, "Its settings");
    again.onclick = () => this.#onAdopt(settings);
    const remove = element("button", { type: "button", "aria-label": `Remove ${run.name}` }, "×");
    remove.onclick = () => this.#remove(run);
    const sign = element("span", { className: "sign" }, String(number));
    sign.style.color = shade(run, this.current, "positive");
    const cells = [
      settings.base ? "a new head" : (settings.network ?? "my own"),
      String(settings.rate),
      count(status.step ?? 0),
      run.curve.at(-1)?.loss.toFixed(3) ?? "",
      status.right === undefined ? "" : percent(status.right, 2),
      String(status.seconds ?? ""),
    ];
    return element(
      "tr",
      {},
      element("td", {}, show),
      element("th", { scope: "row" }, sign, name),
      ...cells.map((text) => element("td", {}, text)),
      element("td", {}, again, ...(run === this.current && !status.over ? [] : [remove])),
    );
  }

  #remove(run) {
    this.#runs.splice(this.#runs.indexOf(run), 1);
    fetch(`train/runs/${run.id}`, { method: "DELETE" }).catch(() => {});
    document.activeElement?.blur();
    this.#keep();
    this.draw();
  }

  #keep() {
    this.#kept = performance.now();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#runs.map(thinned)));
    } catch {
      // A browser that keeps nothing shows the runs of this visit.
    }
  }
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

/** The same run with fewer points. */
function thinned(run) {
  const every = Math.ceil(run.curve.length / MOST_POINTS);
  const kept = run.curve.filter((p, i) => i % every === 0 || p.held_loss !== null || !run.curve[i + 1]);
  return { ...run, curve: kept.slice(-2 * MOST_POINTS) };
}

/** What is told of a run in the table. */
function figures({ state, step, steps, seconds, test }) {
  return { step, steps, seconds: Math.round(seconds ?? 0), right: test?.accuracy, over: isOver(state) };
}

/** Whether a run in this state does nothing more; the service no longer has one that is lost. */
export const isOver = (state) => ["ended", "failed", "lost"].includes(state);

/** The colour of a run: of the page for the one that is watched, of its own for the others. */
function shade(run, current, name) {
  if (run === current) return colour(name);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return `hsl(${HUES[run.number % HUES.length]} 55% ${dark ? 65 : 36}%)`;
}
