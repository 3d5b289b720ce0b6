/** The page put together: drawings go in at the sheet, answers come out everywhere else. */

import { showModel } from "./results/about.js";
import { OfflineNotice } from "./service/offline.js";
import { showBoxes } from "./results/boxes.js";
import { Sheet } from "./drawing/sheet.js";
import { get } from "./service/client.js";
import { byId, element, readsDigits, setText } from "./dom.js";
import { BLANK, aspectOf, isBlank, onOtherSheet, withStroke } from "./drawing/drawing.js";
import { Strip } from "./inspector/strip.js";
import { History } from "./drawing/history.js";
import { Requests, digitBlob } from "./service/requests.js";
import { KeyboardPen } from "./drawing/keyboard.js";
import { decodeDrawing } from "./drawing/permalink.js";
import { openPicture, receivePictures } from "./pixels/picture.js";
import { Reading } from "./results/reading.js";
import { appendSample, sampleIcon, sampleStrokes } from "./drawing/samples.js";
import { Exporter } from "./results/export.js";

const say = (text) => setText(byId("whisper"), text);
const canvas = byId("sheet");
const drawings = new History(BLANK);
const sheet = new Sheet(canvas, {
  onDraft: (stroke) => read(withStroke(drawings.present, stroke)),
  onStroke: (stroke) => change(withStroke(drawings.present, stroke)),
});
const pen = new KeyboardPen(canvas, sheet, say);
const reading = new Reading(choose, switchSheet);
const exporter = new Exporter(say);
const offline = new OfflineNotice(() => read(drawings.present));
const requests = new Requests({ answer, rest, maps, heat, error });
const strip = new Strip(requests);
let camera; // few use it: its code comes when it is asked for
let chosen = 0;
let told; // the drawing beside which a problem is told: its own reading is not announced over that

/** Put another drawing on the sheet, so that it can be undone. */
function change(drawing) {
  drawings.push(drawing);
  show();
}

function show() {
  const drawing = drawings.present;
  const aspect = aspectOf(drawing);
  byId("desk").dataset.mode = drawing.wide ? "number" : "digit";
  document.querySelector(`[name=mode][value=${drawing.wide ? "number" : "digit"}]`).checked = true;
  byId("paper").style.setProperty("--aspect", aspect);
  sheet.show(drawing, aspect);
  byId("undo").disabled = !drawings.canUndo;
  byId("redo").disabled = !drawings.canRedo;
  if (!drawing.wide) showBoxes(byId("boxes"), null);
  read(drawing);
}

/** Ask the service to read a drawing, which may still be growing. */
function read(drawing) {
  const blank = isBlank(drawing);
  byId("paper").classList.toggle("inked", !blank);
  byId("clear").disabled = byId("predict").disabled = blank;
  if (!blank) {
    reading.wait();
    return requests.ask(drawing);
  }
  requests.cancel();
  offline.back(); // nothing is asked, so no answer is awaited
  nothing();
}

function nothing(sentence) {
  reading.showNothing(sentence);
  showBoxes(byId("boxes"), null);
  strip.clear();
  exporter.show(null);
}

function answer({ answer, blob, drawing, inputs }) {
  offline.back();
  if (drawing.wide) return choose(Math.min(chosen, Math.max(0, answer.digits.length - 1)));
  reading.showPrediction(answer);
  reading.showInput(inputs[0]);
  requests.explain(blob);
}

/** Look closer at one digit of a number. */
function choose(index) {
  const { answer, drawing, inputs } = requests.answered;
  chosen = index;
  reading.showNumber(answer, chosen);
  showBoxes(byId("boxes"), answer, aspectOf(drawing), chosen);
  if (!answer.digits[chosen]) return;
  reading.showInput(inputs[chosen]);
  requests.explain(digitBlob(answer.digits[chosen]));
}

function rest(answer) {
  if (told !== drawings.present) reading.announce(answer);
  exporter.show(requests.answered);
}

function maps(explanation) {
  offline.back();
  strip.show(explanation);
}

function heat({ heatmap, ink, input }) {
  reading.showHeat(heatmap, input);
  reading.showInk(ink);
}

function error(problem) {
  if (problem.temporary) {
    if (!requests.answered) reading.showNothing("Waiting for the service.");
    return offline.report(problem);
  }
  requests.cancel();
  nothing(problem.code === "blank_image" ? blankSentence() : problem.message);
}

/** An empty sheet needs no explanation; an empty picture looks as if it had not been loaded. */
function blankSentence() {
  return drawings.present.picture ? "I see nothing drawn in this picture." : undefined;
}

/** Put a picture from elsewhere on the sheet. */
async function bring(file) {
  try {
    if (!file) throw new TypeError("There is no picture in that.");
    const picture = await openPicture(file);
    change({ ...drawings.present, strokes: [], picture });
  } catch (problem) {
    // The drawing stays on the sheet, and so does its reading.
    told = drawings.present;
    if (isBlank(drawings.present)) reading.showNothing(problem.message);
    else reading.say(problem.message);
  }
}

async function openCamera() {
  try {
    camera ??= new (await import("./pixels/camera.js")).Camera(bring);
    await camera.open();
  } catch {
    byId("file").capture = "environment"; // the phone's camera app, if the page may not use the camera
    byId("file").click();
    byId("file").removeAttribute("capture");
  }
}

function step(direction) {
  pen.lift();
  if (drawings[direction]()) show();
}

function clear() {
  pen.lift();
  if (!isBlank(drawings.present)) change({ ...drawings.present, strokes: [], picture: null });
}

function switchSheet() {
  chosen = 0;
  change(onOtherSheet(drawings.present));
}

function openLink() {
  const drawing = decodeDrawing(location.hash);
  if (drawing) change({ ...BLANK, ...drawing });
  return drawing !== null;
}

function followAddress() {
  const { hash } = location;
  openLink();
  openLayer(hash);
}

function onKey(event) {
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (control && key === "z") step(event.shiftKey ? "redo" : "undo");
  else if (control && key === "y") step("redo");
  else if (!control && isErasing(event)) clear();
  else return;
  event.preventDefault();
}

function isErasing({ key, target }) {
  return (key === "Delete" || key === "Backspace") && !target.closest("input");
}

/** Follow a link within the page; the address, which holds the drawing, stays as it is. */
function goTo(event) {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.querySelector(link.hash);
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
  target.scrollIntoView();
  target.focus({ preventScroll: true });
}

function connect() {
  const on = (id, type, handler) => byId(id).addEventListener(type, handler);
  on("undo", "click", () => step("undo"));
  on("redo", "click", () => step("redo"));
  on("clear", "click", clear);
  on("predict", "click", () => read(drawings.present));
  on("brush", "input", ({ target }) => {
    sheet.brush = Number(target.value);
    target.setAttribute(
      "aria-valuetext",
      `${Math.round(100 * sheet.brush)} % of the sheet’s height`,
    );
  });
  on("choose", "click", () => byId("file").click());
  on("camera", "click", openCamera);
  on("file", "change", ({ target }) => {
    bring(target.files[0]);
    target.value = ""; // the same file may be chosen again
  });
  for (const radio of document.getElementsByName("mode")) {
    radio.addEventListener("change", switchSheet);
  }
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", goTo);
  window.addEventListener("hashchange", followAddress);
  receivePictures(byId("paper"), bring);
}

/** A sample replaces the drawing; on a wide sheet it is added to its right. */
function putSample(digit) {
  const { wide, strokes } = drawings.present;
  const drawn = wide ? appendSample(strokes, digit, aspectOf({ wide })) : sampleStrokes(digit);
  change({ wide, strokes: drawn, picture: null });
}

function offerSamples() {
  for (let digit = 0; digit < 10; digit++) {
    const button = element("button", { type: "button", "aria-label": `Sample ${digit}` });
    button.append(sampleIcon(digit));
    button.addEventListener("click", () => putSample(digit));
    byId("samples").append(button);
  }
}

async function describe() {
  try {
    const model = await get("model");
    showModel(model);
    strip.build(model.layers);
  } catch {
    setTimeout(describe, 3000);
  }
}

/** A chapter leads here with `#layer=…`: to a layer, and to the drawing, or else a sample. */
function openLayer(fragment) {
  const name = /(?:^|[#&])layer=([\w.-]+)/.exec(fragment)?.[1];
  if (!name) return;
  strip.openSoon(name, /[#&]back\b/.test(fragment));
  if (isBlank(drawings.present) && readsDigits()) putSample(4);
}

connect();
if (readsDigits()) offerSamples();
describe();
const { hash } = location; // which soon is that of the drawing alone
if (!openLink()) show();
openLayer(hash);
