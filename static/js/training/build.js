/** The form that a network is built with: its settings, and what the engine says of them. */

import { byId, setText } from "../dom.js";
import { count, size } from "../format.js";
import { measure } from "./service.js";
import { table } from "./views.js";

const WHOLE = ["batch", "epochs", "pictures", "seed"];
const WORDS = ["optimizer", "schedule", "loss"];

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

/** Ask the engine what it makes of the settings, and show it. */
export async function check() {
  const named = field("network").value !== "";
  field("python").readOnly = named;
  try {
    const found = await measure(settings());
    if (named)
      field("python").value =
        `Sequential([\n${found.layers.map(({ layer }) => `    ${layer},\n`).join("")}])`;
    const rows = found.layers.map(({ layer, shape, parameters }) => [
      layer.split("(")[0],
      size(shape),
      count(parameters),
    ]);
    table(byId("layers"), [["layer", "gives", "parameters"], ...rows]);
    say(`${count(found.parameters)} parameters in ${found.layers.length} layers.`, false);
  } catch (error) {
    say(error.message, true);
  }
}

function say(text, refused) {
  setText(byId("sizes"), text);
  byId("sizes").classList.toggle("refused", refused);
}
