/** The training room put together: build, start, watch, draw at it, take it along. */

import { byId, element, setText } from "./dom.js";
import { BLANK, isBlank, toBlob, withStroke } from "./drawing/drawing.js";
import { KeyboardPen } from "./drawing/keyboard.js";
import { Sheet } from "./drawing/sheet.js";
import { count, percent } from "./format.js";
import { adopt, check, own, prepare, settings } from "./training/build.js";
import { bars, colour, lines } from "./training/plots.js";
import { ask, start, tell, watch } from "./training/service.js";
import { showAnswers, showInside, table } from "./training/views.js";

/** Milliseconds between two questions about a run, and where nothing changes. */
const OFTEN = 200;
const SELDOM = 1500;

const CONTROLS = ["pause", "step", "go", "stop", "set-rate"];

let run = null;
let curve = [];
let before = [];
let since = 0;
let seen = -1;
let asked = "";

/** Show curves of this run, and of the one before. */
function drawCurves() {
  const points = (of, name) =>
    of.filter((p) => p[name] !== null).map((p) => [p.step, p[name]]);
  for (const [name, held, options] of [
    ["loss", "held_loss", { log: true }],
    ["accuracy", "held_accuracy", { top: 1 }],
  ])
    lines(
      byId(name),
      [
        { points: points(before, name), colour: colour("edge"), dashed: true },
        { points: points(curve, name), colour: colour("positive") },
        { points: points(curve, held), colour: colour("negative") },
      ],
      options,
    );
  const rows = curve.slice(-100).map((p) => [
    String(p.step),
    p.loss.toFixed(4),
    percent(p.accuracy),
    p.held_accuracy === null ? "" : percent(p.held_accuracy),
  ]);
  if (byId("curve").closest("details").open)
    table(byId("curve"), [["step", "loss", "right", "held out"], ...rows]);
}

function showState(status) {
  const { state, step, steps, images_per_second: speed, seconds_left: left, reason, test } = status;
  const done = steps ? `step ${count(step)} of ${count(steps)}` : "";
  const texts = {
    starting: "Starting: the pictures are read.",
    running: `Training: ${done}, ${count(speed ?? 0)} pictures a second, ${Math.round(left ?? 0)} s left.`,
    paused: `Paused at ${done}.`,
    ended: `Ended at ${done}: ${reason}.`,
    failed: `It failed: ${reason}.`,
  };
  const right = test ? ` ${percent(test.accuracy, 2)} of ${count(test.pictures)} held-out pictures are read right.` : "";
  setText(byId("state"), texts[state] + right);
  byId("state").dataset.state = state;
  byId("progress").value = steps ? step / steps : 0;
  const over = state === "ended" || state === "failed";
  for (const id of CONTROLS) byId(id).disabled = over;
  byId("go").disabled = state !== "paused";
  byId("pause").disabled = state !== "running";
  const names = status.layers ?? [];
  if (names.length && names.length !== byId("of-layer").length)
    byId("of-layer").replaceChildren(...names.map((name, i) => element("option", { value: i }, name)));
}

/** Ask how the run goes, until it is over. */
async function follow(name) {
  while (run === name) {
    let wait = OFTEN;
    try {
      const found = await watch(name, since, seen);
      if (run !== name) return;
      since = found.next;
      curve.push(...found.progress);
      if (found.progress.length) drawCurves();
      if (found.inside) showInside(found.inside);
      if (found.answers) showAnswers(found.answers);
      seen = Math.max(seen, Math.min(found.answers?.step ?? seen, found.inside?.step ?? seen));
      showState(found.status);
      byId("weights").hidden = found.status.step === 0;
      byId("csv").disabled = byId("png").disabled = curve.length === 0;
      if (found.status.state === "running") read();
      if (["ended", "failed"].includes(found.status.state)) return void read();
      if (document.hidden || found.status.state === "paused") wait = OFTEN;
    } catch (error) {
      if (error.status === 404) return void setText(byId("state"), error.message);
      setText(byId("state"), `No answer (${error.message}); asking again.`);
      wait = SELDOM;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

byId("build").onsubmit = async (event) => {
  event.preventDefault();
  try {
    const wanted = settings();
    const started = await start(wanted);
    if (curve.length) before = curve;
    [run, curve, since, seen] = [started.run, [], 0, -1];
    byId("rate").value = wanted.rate;
    byId("weights").href = `train/runs/${run}/weights.npz`;
    setText(byId("state"), "Starting: the pictures are read.");
    follow(run);
  } catch (error) {
    setText(byId("state"), error.message);
    if (error.code === "occupied" && !run) {
      run = error.run; // of another page: it is watched from here too
      byId("weights").href = `train/runs/${run}/weights.npz`;
      follow(run);
    }
  }
};

let checking;
byId("build").oninput = ({ target }) => {
  if (target.closest("#layers, .add")) return;
  if (target.name === "python") own(target.value);
  clearTimeout(checking);
  checking = setTimeout(check, 250);
};
byId("reseed").onclick = () => {
  byId("build").elements.seed.value = Math.floor(Math.random() * 2 ** 32);
};

const command = (body) => run && tell(run, body).catch((error) => setText(byId("state"), error.message));
byId("pause").onclick = () => command({ command: "pause" });
byId("step").onclick = () => command({ command: "step" });
byId("go").onclick = () => command({ command: "go" });
byId("stop").onclick = () => command({ command: "stop" });
byId("set-rate").onclick = () => command({ command: "rate", value: Number(byId("rate").value) });
byId("of-layer").onchange = byId("of-digit").onchange = () =>
  command({
    command: "look",
    layer: Number(byId("of-layer").value),
    digit: Number(byId("of-digit").value),
  });

/* Draw at it */

let drawing = BLANK;
let reading = false;
const sheet = new Sheet(byId("sheet"), {
  onDraft: () => {},
  onStroke(stroke) {
    drawing = withStroke(drawing, stroke);
    sheet.show(drawing, 1);
    asked = "";
    read();
  },
});
sheet.show(drawing, 1);
new KeyboardPen(byId("sheet"), sheet, () => {});
byId("clear").onclick = () => {
  drawing = BLANK;
  sheet.show(drawing, 1);
  setText(byId("reads"), "Draw a digit while it learns.");
};

/** Ask the network of this moment what is drawn; one question at a time. */
async function read() {
  const key = `${run} ${curve.at(-1)?.step}`;
  if (!run || reading || isBlank(drawing) || key === asked) return;
  reading = true;
  asked = key;
  try {
    const { digit, probabilities, step } = await ask(run, await toBlob(drawing));
    bars(byId("sure"), probabilities, probabilities.map((_, i) => String(i)));
    setText(byId("reads"), `After ${count(step)} steps: ${digit}, ${percent(Math.min(probabilities[digit], 0.999))} sure.`);
  } catch (error) {
    setText(byId("reads"), error.message);
  }
  reading = false;
}

/* Take it along */

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

byId("csv").onclick = () => {
  const names = Object.keys(curve[0]);
  const rows = [names, ...curve.map((p) => names.map((name) => p[name] ?? ""))];
  save(new Blob([rows.map((row) => row.join(",")).join("\n") + "\n"]), "curve.csv");
};
byId("png").onclick = () => byId("loss").toBlob((blob) => save(blob, "curve.png"));
byId("link").onclick = () => {
  location.hash = encodeURIComponent(JSON.stringify(settings()));
  navigator.clipboard?.writeText(location.href).catch(() => {});
};
byId("copy-python").onclick = () => {
  byId("build").elements.python.select();
  navigator.clipboard?.writeText(byId("build").elements.python.value).catch(() => {});
};

try {
  if (location.hash) adopt(JSON.parse(decodeURIComponent(location.hash.slice(1))));
} catch {
  // A link that is damaged brings nothing.
}
await prepare();
check();
drawCurves();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCurves);
new ResizeObserver(drawCurves).observe(byId("loss"));
