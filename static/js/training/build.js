/** The form that a network is built with: its settings, and what the engine says of them. */

import { byId, setText } from "../dom.js";
import { count } from "../format.js";
import { LayerRow } from "./layers.js";
import { measure, offered } from "./service.js";

const WHOLE = ["batch", "epochs", "pictures", "seed"];
const WORDS = ["optimizer", "schedule", "loss", "data"];

const form = byId("build");
const field = (name) => form.elements[name];

/** @returns {Record<string, any>} the settings as the service takes them */
export function settings() {
  const chosen = { rate: Number(field("rate").value), augmentation: field("augmentation").checked };
  for (const name of WHOLE) chosen[name] = Number(field(name).value);
  for (const name of WORDS) chosen[name] = field(name).value;
  const ticked = form.querySelectorAll("[name=digits]:checked");
  chosen.digits = [...ticked].map((box) => Number(box.value));
  if (field("network").value) chosen.network = field("network").value;
  else chosen.python = field("python").value;
  return chosen;
}

/** Put settings into the form: what a link brought. */
export function adopt(given) {
  for (const name of ["rate", ...WHOLE, ...WORDS])
    if (name in given) field(name).value = given[name];
  if ("augmentation" in given) field("augmentation").checked = given.augmentation;
  if (given.python) {
    field("network").value = "";
    field("python").value = given.python;
  } else if (given.network) field("network").value = given.network;
  if (Array.isArray(given.digits))
    for (const box of form.querySelectorAll("[name=digits]"))
      box.checked = given.digits.includes(Number(box.value));
}

/** @returns {string} the Python of layers, one a line */
const python = (layers) =>
  `Sequential([\n${layers.map(({ layer }) => `    ${layer},\n`).join("")}])`;

let row;

/** Prepare the row of layers; its changes make the network one of the reader's own. */
export async function prepare() {
  const { layers } = await offered();
  row = new LayerRow(layers, (text) => {
    own(text);
    check(true);
  });
}

/** Make the network one of the reader's own, which this Python is. */
export function own(text) {
  field("network").value = "";
  field("python").value = text;
}

/**
 * Ask the engine what it makes of the settings, and show it.
 *
 * @param {boolean} [written] whether the page wrote the Python, and so may write it more simply
 */
export async function check(written = field("network").value !== "") {
  const before = field("python").value;
  try {
    const found = await measure(settings());
    show(found.layers, written && field("python").value === before);
    byId("copy-script").dataset.script = found.script;
    byId("copy-script").disabled = !found.script;
    say(`${count(found.parameters)} parameters in ${found.layers.length} layers.`, false);
  } catch (error) {
    if (error.layers?.length) show(error.layers, written && field("python").value === before);
    byId("copy-script").disabled = true;
    say(error.message, true);
  }
}

function show(layers, written) {
  if (written) field("python").value = python(layers);
  row.show(layers);
}

function say(text, refused) {
  setText(byId("sizes"), text);
  byId("sizes").classList.toggle("refused", refused);
}
