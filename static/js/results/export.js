/** Export: a link, the picture, the answer, and the command that asks for it. */

import { toBase64 } from "../pixels/base64.js";
import { byId, setText } from "../dom.js";
import { isBlank } from "../drawing/drawing.js";
import { encodeDrawing } from "../drawing/permalink.js";

const BUTTONS = ["copy-curl", "save-json", "save-png", "copy-link"];

export class Exporter {
  #say;
  #answered = null;

  /** @param say called with a sentence about what was done */
  constructor(say) {
    this.#say = say;
    byId("copy-curl").addEventListener("click", () =>
      this.#copy(byId("curl").textContent, "Command copied."),
    );
    byId("copy-link").addEventListener("click", () => this.#copy(location.href, "Link copied."));
    byId("save-png").addEventListener("click", () => this.#savePicture());
    byId("save-json").addEventListener("click", () => this.#saveAnswer());
  }

  /** @param answered what can be exported, `{ drawing, blob, answer }`, or null for nothing */
  async show(answered) {
    this.#answered = answered;
    for (const id of BUTTONS) byId(id).disabled = !answered;
    byId("copy-link").disabled = !answered || answered.drawing.picture !== null;
    rememberInAddress(answered?.drawing);
    const command = answered ? await curlCommand(answered) : "Draw something first.";
    if (this.#answered === answered) setText(byId("curl"), command);
  }

  async #copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.#say(done);
    } catch {
      window.prompt("Copy this:", text); // no clipboard without https
    }
  }

  #savePicture() {
    const { drawing, blob } = this.#answered;
    save(blob, drawing.picture?.name ?? (drawing.wide ? "number.png" : "digit.png"));
  }

  #saveAnswer() {
    const text = JSON.stringify(this.#answered.answer, null, 2);
    save(new Blob([text], { type: "application/json" }), "answer.json");
  }
}

/** The command that sends exactly this picture; a picture from a file is given by its name. */
export async function curlCommand({ drawing, blob }, page = location.href) {
  const url = new URL(drawing.wide ? "read" : "predict", page).href;
  if (drawing.picture) {
    const name = drawing.picture.name.replaceAll("'", "'\\''");
    return `curl ${url} -H 'Content-Type: ${blob.type}' --data-binary '@${name}'`;
  }
  const image = toBase64(new Uint8Array(await blob.arrayBuffer()));
  return `curl ${url} -H 'Content-Type: application/json' -d '{"image": "${image}"}'`;
}

/** The address of the page always brings the drawing back. */
function rememberInAddress(drawing) {
  const strokes = drawing && !isBlank(drawing) && !drawing.picture;
  if (!strokes && !location.hash.startsWith("#d=")) return;
  const fragment = strokes ? `#${encodeDrawing(drawing)}` : "";
  try {
    history.replaceState(null, "", `${location.pathname}${location.search}${fragment}`);
  } catch {
    // Too often for this browser, or not in this frame: all goes on but the link.
  }
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { download: name });
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
