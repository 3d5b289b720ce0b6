/** Pictures from elsewhere: chosen, dropped, pasted. Large ones are shrunk before they are sent. */

/** No digit needs more pixels along its longer side than this. */
const MAX_SIDE = 1600;
const MAX_BYTES = 3_000_000;

/**
 * Make a picture ready to show and to send.
 *
 * @param {Blob} file
 * @returns {Promise<{ blob: Blob, image: ImageBitmap, name: string }>}
 * @throws {TypeError} if the browser cannot show it
 */
export async function openPicture(file) {
  const image = await show(file);
  const name = file.name || "picture.png";
  if (!isReadByService(new Uint8Array(await file.slice(0, 16).arrayBuffer()))) {
    const blob = await shrink(image, "image/png");
    return { blob, image: await createImageBitmap(blob), name: name.replace(/(\.\w+)?$/, ".png") };
  }
  const large = Math.max(image.width, image.height) > MAX_SIDE || file.size > MAX_BYTES;
  if (!large || !canvasIsHonest()) return { blob: withType(file), image, name };
  const blob = await shrink(image, file.type);
  return { blob, image: await createImageBitmap(blob), name };
}

/** Let the browser decode a file, in one of the two ways it has: only one of them takes SVG. */
async function show(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode();
      return image;
    } catch {
      throw new TypeError("That file is not a picture that this browser can show.");
    } finally {
      URL.revokeObjectURL(image.src);
    }
  }
}

const SIGNATURES = ["\x89PNG\r\n", "\xff\xd8\xff", "GIF8", "BM"];

/**
 * Whether the service decodes a file that begins so; what it does not, the browser decodes for it.
 *
 * @param {Uint8Array} start
 */
export function isReadByService(start) {
  const text = String.fromCharCode(...start);
  const webp = text.startsWith("RIFF") && text.slice(8, 12) === "WEBP";
  return webp || SIGNATURES.some((signature) => text.startsWith(signature));
}

/** The size that fits into `MAX_SIDE` with the same proportions; never larger than before. */
export function fittedSize(width, height, side = MAX_SIDE) {
  const scale = Math.min(1, side / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

async function shrink(image, type) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = fittedSize(image.width, image.height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  // Only photos are certain to have no transparency, which JPEG would turn black.
  const format = type === "image/jpeg" ? "image/jpeg" : "image/png";
  return new Promise((resolve) => canvas.toBlob(resolve, format, 0.92));
}

function withType(file) {
  return file.type ? file : new Blob([file], { type: "application/octet-stream" });
}

/** Whether a canvas returns what was painted on it; browsers that guard privacy return noise. */
export function canvasIsHonest() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 16 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (let i = 0; i < 16; i++) {
    context.fillStyle = `rgb(${i * 16} ${255 - i * 16} ${(i * 80) % 256})`;
    context.fillRect(i, 0, 1, 16);
  }
  const { data } = context.getImageData(0, 0, 16, 16);
  return data.every((value, at) => {
    const i = Math.floor(at / 4) % 16;
    return Math.abs(value - [i * 16, 255 - i * 16, (i * 80) % 256, 255][at % 4]) <= 4;
  });
}

/** The first picture among pasted or dropped items, or null. */
export function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}

/**
 * Let pictures be dropped on the page and pasted into it.
 *
 * @param {HTMLElement} target shows that something may be dropped
 * @param {(file: Blob | null) => void} onPicture null if what came holds no picture
 */
export function receivePictures(target, onPicture) {
  const mark = (on) => target.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false); // it left the window, not only a part of the page
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    onPicture(pictureIn(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) onPicture(pictureIn(event.clipboardData));
  });
}
