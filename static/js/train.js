/** The training room put together: build, start, watch, draw at it, take it along. */

import { byId, element, setText } from "./dom.js";
import { count, percent } from "./format.js";
import { adopt, check, own, prepare, settings } from "./training/build.js";
import { showStep } from "./training/by_hand.js";
import { prepareData } from "./training/data.js";
import { DrawingAt } from "./training/drawing_at.js";
import { isOver, Runs } from "./training/runs.js";
import { start, tell, watch } from "./training/service.js";
import { offer, prepareTaking } from "./training/take.js";
import { Teach } from "./training/teach.js";
import { showAnswers, showCurve, showInside } from "./training/views.js";

/** Milliseconds between two questions about a run, and where nothing changes or answers. */
const OFTEN = 200;
const SELDOM = 1500;

const CONTROLS = ["pause", "step", "go", "stop", "set-rate"];

let run = null;
const runs = new Runs((given) => {
  adopt(given);
  check();
});
const drawing = new DrawingAt();

function showState(status) {
  const { state, step, steps, images_per_second: speed, seconds_left: left, reason, test } = status;
  const done = steps ? `step ${count(step)} of ${count(steps)}` : "";
  const texts = {
    starting: "Starting: the pictures are read.",
    running: `Training: ${done}, ${count(speed ?? 0)} pictures a second, ${Math.round(left ?? 0)} s left.`,
    paused: `Paused at ${done}.`,
    ended: `Ended at ${done}: ${reason}.`,
    failed: `It failed: ${reason}.`,
    lost: reason,
  };
  const right = test ? ` ${percent(test.accuracy, 2)} of ${count(test.pictures)} held-out pictures are read right.` : "";
  setText(byId("state"), texts[state] + right);
  byId("state").dataset.state = state;
  byId("progress").value = steps ? step / steps : 0;
  const over = isOver(state);
  byId("again").hidden = !["failed", "lost"].includes(state) || runs.current.settings.rate === "";
  for (const id of CONTROLS) byId(id).disabled = over;
  byId("go").disabled = state !== "paused";
  byId("pause").disabled = state !== "running";
  fill(byId("of-layer"), status.layers ?? []);
  fill(byId("of-digit"), status.classes ?? [..."0123456789"]);
}

/** Fill a choice with names, if they are others than before. */
function fill(select, names) {
  if ([...select.options].map((option) => option.text).join("\n") === names.join("\n")) return;
  select.replaceChildren(...names.map((name, i) => element("option", { value: i }, name)));
}

/** Say that the service no longer has the run, and what is left of it. */
function showLost(name) {
  const { step, steps } = runs.current.status;
  const far = step ? ` after step ${count(step)}${steps ? ` of ${count(steps)}` : ""}` : "";
  const reason =
    `The service no longer has this run: it was started anew, or the run was removed. It ended${far}; ` +
    "its weights are gone. Its curve and its settings are kept here, and it can be started again with them.";
  runs.add([], { state: "lost", step, steps, seconds: runs.current.status.seconds });
  showState({ state: "lost", step, steps, reason });
  offer(name, false);
  drawing.leave();
}

/** Ask how the run goes, until it is over. */
async function follow(name) {
  let [since, seen] = [0, 0];
  run = name;
  last = {};
  byId("by-hand").hidden = true;
  while (run === name) {
    let wait = OFTEN;
    try {
      const found = await watch(name, since, seen);
      if (run !== name) return;
      [since, seen] = [found.next, found.seen];
      runs.add(found.progress, found.status);
      show(found);
      if (isOver(found.status.state)) return void teach.offerBases();
    } catch (error) {
      if (run !== name) return;
      if (error.status === 404) return showLost(name);
      const unanswered = `No answer (${error.message}); asking again. If the service was stopped, the run has ended with it.`;
      setText(byId("state"), error.status ? error.message : unanswered);
      wait = SELDOM;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

let last = {};

function show({ status, inside, answers, by_hand: step }) {
  const names = status.classes ?? [];
  last = { names, inside: inside ?? last.inside, answers: answers ?? last.answers };
  if (inside) showInside(inside);
  if (answers) showAnswers(answers, names);
  if (step) showStep(step, names);
  showState(status);
  const { curve } = runs.current;
  showCurve(curve);
  byId("csv").disabled = byId("png").disabled = curve.length === 0;
  offer(run, status.step > 0);
  if (status.step > 0) drawing.read(run, curve.at(-1)?.step ?? 0);
}

async function begin(wanted) {
  try {
    const started = await start(wanted);
    byId("rate").value = wanted.rate;
    setText(byId("state"), "Starting: the pictures are read.");
    runs.begin(started.run, { ...wanted, drawings: undefined, taught: Boolean(wanted.drawings) });
    toWatch();
    follow(started.run);
  } catch (error) {
    setText(byId("state"), error.message);
    if (error.code !== "occupied" || run) return;
    runs.begin(error.run, { rate: "" }); // of another page: it is watched from here too
    follow(error.run);
  }
}

/** Bring into view what happens, where the button that began it is far from it. */
function toWatch() {
  const { top } = byId("watch").getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) byId("watch").scrollIntoView();
}

byId("again").onclick = () => {
  const { taught, ...wanted } = runs.current.settings;
  begin({ ...wanted, ...(taught ? { drawings: teach.kinds } : {}) });
};
byId("build").onsubmit = (event) => {
  event.preventDefault();
  begin(settings());
};
const teach = new Teach(drawing, runs, begin);

/** Plots are drawn anew in the colours and the size of this moment. */
function drawAgain() {
  runs.draw();
  if (last.inside) showInside(last.inside);
  if (last.answers) showAnswers(last.answers, last.names);
}
matchMedia("(prefers-color-scheme: dark)").onchange = drawAgain;
window.addEventListener("resize", () => requestAnimationFrame(drawAgain));

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
for (const name of ["pause", "step", "go", "stop"])
  byId(name).onclick = () => command({ command: name });
byId("set-rate").onclick = () => command({ command: "rate", value: Number(byId("rate").value) });
byId("of-layer").onchange = byId("of-digit").onchange = () =>
  command({
    command: "look",
    layer: Number(byId("of-layer").value),
    digit: Number(byId("of-digit").value),
  });

prepareTaking(runs);
prepareData();
await prepare();

/** Take over the settings that the address brings, also when a link is followed from this page. */
function fromAddress() {
  const part = location.hash.slice(1);
  try {
    if (part) adopt(JSON.parse(decodeURIComponent(part)));
  } catch {
    // A link that is damaged brings nothing; one to a part of the page is followed below.
  }
  const checked = check();
  if (document.getElementById(part)) checked.then(() => byId(part).scrollIntoView()); // it has moved
}
window.addEventListener("hashchange", fromAddress);
fromAddress();
if (runs.current && !runs.current.status.over) {
  // The page was left or loaded anew while it trained.
  runs.begin(runs.current.id);
  follow(runs.current.id);
}
