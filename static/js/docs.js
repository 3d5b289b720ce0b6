/** The page about the API: code with this service's address, ready to copy, and pictures to try. */

import { element, setText } from "./dom.js";
import { Sheet } from "./drawing/sheet.js";

/** What the code of the page says; server/routes/code_samples.py has the same. */
const WRITTEN = "http://127.0.0.1:8000";
const ADDRESS = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** Texts of an answer that are longer are cut, but for pictures. */
const LONGEST = 60;

for (const figure of document.querySelectorAll("figure.code")) {
  const code = figure.querySelector("code");
  setText(code, code.textContent.replaceAll(WRITTEN, ADDRESS));
  const copy = element("button", { type: "button", className: "quiet" }, "Copy");
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      setText(copy, "Copied");
    } catch {
      getSelection().selectAllChildren(code); // no clipboard without https
    }
  };
  figure.querySelector("figcaption").append(" ", copy);
}

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  tryOut(form);
}

/** Send what is drawn, or a file, to an operation, and show what comes back. */
function tryOut(form) {
  const [canvas, file, answer] = ["canvas", "input", "pre"].map((name) => form.querySelector(name));
  const clear = form.querySelector("button[type=button]");
  const drawing = { strokes: [], picture: null };
  const sheet = new Sheet(canvas, {
    onDraft() {},
    onStroke(stroke) {
      drawing.strokes.push(stroke);
      drawing.picture = null;
      file.value = "";
      sheet.redraw();
    },
  });
  sheet.show(drawing, 1);
  clear.onclick = () => {
    Object.assign(drawing, { strokes: [], picture: null });
    file.value = "";
    answer.hidden = true;
    sheet.redraw();
  };
  file.onchange = async () => {
    drawing.strokes.length = 0;
    // What the browser cannot show may be read all the same: the service says.
    const image = file.files[0] && (await createImageBitmap(file.files[0]).catch(() => null));
    drawing.picture = image ? { image } : null;
    sheet.redraw();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const body = file.files[0] ?? (await picture(canvas));
    answer.hidden = false;
    try {
      const response = await fetch(form.dataset.path, { method: "POST", body });
      answer.replaceChildren(`${response.status}\n`, ...shown(await response.json()));
    } catch (error) {
      answer.replaceChildren(`No answer: ${error.message}`);
    }
  };
}

const picture = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/png"));

/** JSON as nodes: with its pictures, and long texts cut. */
function shown(value) {
  const pictures = [];
  const cut = (_, part) => {
    if (typeof part !== "string" || part.length <= LONGEST) return part;
    if (!part.startsWith("data:image/")) return `${part.slice(0, 48)}…`;
    pictures.push(element("img", { src: part, alt: "a picture, in base64" }));
    return "\uFFFC";
  };
  const texts = JSON.stringify(value, cut, 2).split("\uFFFC");
  return texts.flatMap((text, index) => (index ? [pictures[index - 1], text] : [text]));
}
