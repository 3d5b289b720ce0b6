/**
 * The pages to read: exercises that say whether an answer is right, and links that take the reader's
 * drawing along. It stands in the address, as on the page to draw on; nothing of it is sent.
 */

import { setText } from "./dom.js";

/** A number as people write it: `27,060`, `−0.5`, `1/9`. */
function number(text) {
  const plain = text.replaceAll(/[\s,]/g, "").replaceAll("−", "-");
  const [above, below] = plain.split("/");
  return plain === "" ? NaN : Number(above) / Number(below ?? 1);
}

for (const form of document.querySelectorAll("form.exercise")) {
  const answer = Number(form.dataset.answer);
  const tolerance = Math.abs(answer) * Number(form.dataset.tolerance ?? 0);
  const said = form.querySelector("output");
  form.hidden = false;
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = number(form.querySelector("input").value);
    const right = Math.abs(given - answer) <= tolerance;
    form.dataset.right = right;
    if (Number.isNaN(given)) setText(said, "Write a number, such as 27, 0.25 or 1/9.");
    else setText(said, right ? "Right." : "Not yet.");
  };
}

const drawing = /(?:^|[#&])(d=[\w-]+)/.exec(location.hash)?.[1];

if (drawing) {
  const { pathname } = document.querySelector(".masthead nav a"); // of the page to draw on
  for (const link of document.querySelectorAll("a")) {
    if (link.pathname === pathname) link.hash = link.hash ? `${link.hash}&${drawing}` : drawing;
  }
  const chapter = location.hash.slice(1).split("&")[0];
  document.getElementById(decodeURIComponent(chapter))?.scrollIntoView();
}
