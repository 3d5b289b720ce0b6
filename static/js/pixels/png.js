/**
 * Grey pixels to a PNG file, grey or coloured ones back (PNG specification, third edition, sections 5, 9 and 11).
 *
 * Written here and not by a canvas, because browsers that guard privacy change its pixels.
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const GREY = 0;
const RGB = 2;

/** @returns {Promise<Uint8Array>} an 8-bit greyscale PNG */
export async function encodePng({ width, height, pixels }) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, GREY, 0, 0, 0], 8);
  const body = await zlib(scanlines(width, height, pixels));
  return concat([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", body),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** Every row begins with the number of its filter: 0, none. */
function scanlines(width, height, pixels) {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return rows;
}

function chunk(type, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(
    [...type].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/**
 * @param {Uint8Array} bytes an 8-bit PNG, greyscale or RGB, not interlaced
 * @returns {Promise<{ width: number, height: number, channels: number, pixels: Uint8Array }>}
 */
export async function decodePng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (bytes[24] !== 8 || ![GREY, RGB].includes(bytes[25]) || bytes[28] !== 0) {
    throw new TypeError("only 8-bit grey or RGB PNG files without interlacing can be read here");
  }
  const channels = bytes[25] === RGB ? 3 : 1;
  const body = [];
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IDAT") body.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const rows = await transform(concat(body), new DecompressionStream("deflate"));
  return { width, height, channels, pixels: unfilter(rows, width * channels, height, channels) };
}

/** Undo the filters: each row says how its bytes were predicted from those already known. */
function unfilter(rows, width, height, step) {
  const pixels = new Uint8Array(width * height);
  let above = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    const start = y * (width + 1);
    const row = pixels.subarray(y * width, (y + 1) * width);
    row.set(rows.subarray(start + 1, start + 1 + width));
    UNDO[rows[start]](row, above, step);
    above = row;
  }
  return pixels;
}

/**
 * By filter number. `row` holds differences and becomes bytes; `above` is the row before, and a
 * pixel has `step` bytes. (Before the first one, `row[x - step]` is undefined, which `| 0` makes 0.)
 */
const UNDO = [
  () => {},
  (row, _, step) => {
    for (let x = step; x < row.length; x++) row[x] += row[x - step];
  },
  (row, above) => {
    for (let x = 0; x < row.length; x++) row[x] += above[x];
  },
  (row, above, step) => {
    for (let x = 0; x < row.length; x++) row[x] += ((row[x - step] | 0) + above[x]) >> 1;
  },
  (row, above, step) => {
    for (let x = 0; x < row.length; x++)
      row[x] += paeth(row[x - step] | 0, above[x], above[x - step] | 0);
  },
];

function paeth(left, above, corner) {
  const [toLeft, toAbove] = [Math.abs(above - corner), Math.abs(left - corner)];
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

async function zlib(data) {
  if (typeof CompressionStream === "undefined") return zlibStored(data);
  return transform(data, new CompressionStream("deflate"));
}

async function transform(data, stream) {
  const out = new Blob([data]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(out).arrayBuffer());
}

/** zlib without compression (RFC 1950, RFC 1951 section 3.2.4), for older browsers. */
export function zlibStored(data) {
  const parts = [Uint8Array.of(0x78, 0x01)];
  for (let start = 0; start === 0 || start < data.length; start += 0xffff) {
    const block = data.subarray(start, start + 0xffff);
    const head = new DataView(new ArrayBuffer(5));
    head.setUint8(0, start + block.length >= data.length ? 1 : 0);
    head.setUint16(1, block.length, true);
    head.setUint16(3, ~block.length & 0xffff, true);
    parts.push(new Uint8Array(head.buffer), block);
  }
  const tail = new DataView(new ArrayBuffer(4));
  tail.setUint32(0, adler32(data));
  return concat([...parts, new Uint8Array(tail.buffer)]);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

export function adler32(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

function concat(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
