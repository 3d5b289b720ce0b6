/** A grid of cells as a table; a digit in it can be chosen. */

import { element } from "../dom.js";

/**
 * @param table the `<table>`, hidden without a grid
 * @param grid of an answer of /read, or null
 * @param chosen index of a digit among all of them
 */
export function showGrid(table, grid, chosen = -1) {
  table.hidden = !grid;
  const focused = table.contains(document.activeElement) && document.activeElement.dataset.digit;
  table.replaceChildren();
  if (!grid) return;
  table.style.setProperty("--columns", grid.columns); // a wide one is as wide as there is room
  for (const row of numbered(grid.cells)) {
    const cells = row.map(({ text, digit }) => element("td", {}, ...content(text, digit, chosen)));
    table.append(element("tr", {}, ...cells));
  }
  if (focused) table.querySelector(`[data-digit="${focused}"]`)?.focus();
}

/** Each cell's text, and the index of its first digit among all; -1 if it has none. */
export function numbered(cells) {
  let count = 0;
  return cells.map((row) =>
    row.map((text) => {
      const digits = text.replace(/[^0-9]/g, "").length;
      count += digits;
      return { text, digit: digits ? count - digits : -1 };
    }),
  );
}

function content(text, digit, chosen) {
  if (digit < 0) return text ? [text] : [];
  const button = element("button", { type: "button" }, text);
  button.dataset.digit = digit;
  button.setAttribute("aria-pressed", String(digit === chosen));
  return [button];
}
