/** Boxes around the digits and signs of a number, laid over the sheet. */

import { contain } from "../drawing/sheet.js";
import { svg } from "../dom.js";

/**
 * @param overlay the `<svg>` above the sheet
 * @param answer of /read, or null for no boxes
 */
export function showBoxes(overlay, answer, aspect, chosen) {
  overlay.replaceChildren();
  if (!answer) return;
  overlay.setAttribute("viewBox", `0 0 ${aspect} 1`);
  const draw = (part, ...classes) => {
    const box = svg("rect", placeBox(part.box, answer.size, aspect));
    box.classList.add(...classes);
    overlay.append(box);
  };
  answer.digits.forEach((digit, i) => draw(digit, ...(i === chosen ? ["chosen"] : [])));
  answer.symbols.forEach((symbol) => draw(symbol, symbol.text === "?" ? "unsure" : "sign"));
}

/** From pixels of the picture that was read to fractions of the sheet's height, with a margin. */
export function placeBox([x, y, width, height], [imageWidth, imageHeight], aspect, margin = 0.015) {
  const place = contain(imageWidth, imageHeight, aspect, 1);
  const scale = place.width / imageWidth;
  return {
    x: place.x + x * scale - margin,
    y: place.y + y * scale - margin,
    width: width * scale + 2 * margin,
    height: height * scale + 2 * margin,
  };
}
