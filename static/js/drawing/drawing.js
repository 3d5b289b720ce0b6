/**
 * What is on the sheet: strokes, or a picture from elsewhere.
 *
 * A drawing is never changed, only replaced: `{ wide, strokes, picture }`.
 */

import { encodePng } from "../pixels/png.js";
import { rasterize } from "./raster.js";
import { bounds } from "./strokes.js";

/** A sheet for a number is this many times as wide as high. */
const WIDE = 2.5;

/** A drawing that is moved to another sheet may take this share of its width. */
const FILL = 0.95;

export const BLANK = Object.freeze({ wide: false, strokes: [], picture: null });

export function isBlank({ strokes, picture }) {
  return strokes.length === 0 && !picture;
}

/** A new stroke takes the place of a picture. */
export function withStroke(drawing, stroke) {
  return { ...drawing, picture: null, strokes: [...drawing.strokes, stroke] };
}

/** How many times as wide as high the sheet is; a wide one takes a picture's own shape. */
export function aspectOf({ wide, picture }) {
  if (!wide) return 1;
  if (!picture) return WIDE;
  return Math.min(WIDE, Math.max(1, picture.image.width / picture.image.height));
}

/** The same drawing on a sheet of the other kind: in the middle, shrunk if it does not fit. */
export function onOtherSheet(drawing) {
  const other = { ...drawing, wide: !drawing.wide };
  const box = bounds(drawing.strokes);
  if (!box) return other;
  const [from, to] = [aspectOf(drawing), aspectOf(other)];
  const scale = Math.min(1, (FILL * to) / (box.right - box.left));
  const centre = to > from ? from / 2 : (box.left + box.right) / 2;
  const place = ([x, y, pressure]) => [
    (x - centre) * scale + to / 2,
    (y - 0.5) * scale + 0.5,
    pressure,
  ];
  const strokes = drawing.strokes.map((stroke) => ({
    ...stroke,
    width: stroke.width * scale,
    points: stroke.points.map(place),
  }));
  return { ...other, strokes };
}

/** @returns {Promise<Blob>} the picture to send */
export async function toBlob(drawing) {
  if (drawing.picture) return drawing.picture.blob;
  const bytes = await encodePng(rasterize(drawing.strokes, aspectOf(drawing)));
  return new Blob([bytes], { type: "image/png" });
}
