/**
 * Own kinds: drawings with names, kept by the browser on this machine, and taught to a network.
 * The service sees them when something is taught, and keeps them only as long as that run.
 */

import { byId, element, setText } from "../dom.js";
import { isBlank, toBlob } from "../drawing/drawing.js";
import { plural } from "../format.js";
import { settings } from "./build.js";
import { picture } from "./plots.js";
import { seen } from "./service.js";

const KEY = "training-room-drawings";

/** How own kinds alone are taught: they are few, and turned and bent anew in every epoch. */
const ALONE = { epochs: 20, batch: 32, digits: [], rate: 0.003, schedule: "one-cycle" };

export class Teach {
  #kinds = load();
  #drawing;
  #runs;

  /** @param onTeach is given the settings of the run that teaches */
  constructor(drawing, runs, onTeach) {
    [this.#drawing, this.#runs] = [drawing, runs];
    byId("keep").onsubmit = (event) => {
      event.preventDefault();
      this.#add(byId("kind").value.trim());
    };
    byId("teach").onclick = () => onTeach(this.#settings());
    byId("forget").onclick = () => this.#changed({});
    this.#show();
  }

  get kinds() {
    return this.#kinds;
  }

  /** Offer the runs that have learnt something as what to build on. */
  offerBases() {
    const select = byId("base");
    const chosen = select.value || "digits";
    const option = (value, text) => element("option", { value }, text);
    select.replaceChildren(
      option("digits", "of the shipped network"),
      ...this.#runs.all.filter((run) => run.status.step).map((run) => option(run.id, `of ${run.name}`)),
      option("none", "none: a new network"),
    );
    select.value = chosen;
    if (!select.value) select.value = "digits";
  }

  #settings() {
    const together = byId("together").checked;
    const base = byId("base").value === "none" ? "" : byId("base").value;
    const wanted = { ...settings(), ...(together ? {} : ALONE), augmentation: true, loss: "cross-entropy" };
    return { ...wanted, drawings: this.#kinds, base };
  }

  async #add(name) {
    if (!name || isBlank(this.#drawing.drawing))
      return this.#say("Draw something on the sheet, and say what it is.");
    try {
      const { picture } = await seen(await toBlob(this.#drawing.drawing));
      this.#drawing.clear();
      this.#changed({ ...this.#kinds, [name]: [...(this.#kinds[name] ?? []), picture] });
    } catch (error) {
      this.#say(error.message);
    }
  }

  #remove(name, index) {
    const rest = this.#kinds[name].filter((_, i) => i !== index);
    const { [name]: _, ...others } = this.#kinds;
    this.#changed(rest.length ? { ...this.#kinds, [name]: rest } : others);
  }

  #changed(kinds) {
    this.#kinds = kinds;
    try {
      localStorage.setItem(KEY, JSON.stringify(kinds));
    } catch {
      // A browser that keeps nothing has them for this visit.
    }
    this.#show();
  }

  #show() {
    const names = Object.keys(this.#kinds);
    byId("kinds").replaceChildren(...names.map((name) => this.#item(name)));
    byId("teach").disabled = names.length === 0;
    byId("forget").disabled = names.length === 0;
    const total = names.reduce((sum, name) => sum + this.#kinds[name].length, 0);
    this.#say(
      total
        ? `${plural(total, "drawing")} of ${plural(names.length, "kind")}; some ten of each are enough.`
        : "Nothing is kept yet. Draw some ten of each kind: letters, signs, your own nines.",
    );
    this.offerBases();
  }

  #item(name) {
    const drawings = this.#kinds[name].map((text, i) => {
      const canvas = element("canvas");
      picture(canvas, text);
      const label = `Remove ${name} number ${i + 1}`;
      const onclick = () => this.#remove(name, i);
      return element("button", { type: "button", title: label, "aria-label": label, onclick }, canvas);
    });
    return element("li", {}, element("strong", {}, name), ...drawings);
  }

  #say(text) {
    setText(byId("teach-says"), text);
  }
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}
