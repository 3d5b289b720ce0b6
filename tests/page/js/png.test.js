import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";

import { adler32, crc32, decodePng, encodePng, zlibStored } from "../../../static/js/pixels/png.js";

const letters = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function picture(width, height) {
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i * i * 31 + i * 7) % 256);
  return { width, height, pixels };
}

/** An independent reading of the chunks, through Node's zlib. */
function chunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found = [];
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    found.push({
      type,
      data: bytes.subarray(at + 8, at + 8 + length),
      crc: view.getUint32(at + 8 + length),
    });
    at += 12 + length;
  }
  return found;
}

test("checksums of the specifications' examples", () => {
  assert.equal(crc32(letters("123456789")), 0xcbf43926);
  assert.equal(crc32(letters("IEND")), 0xae426082);
  assert.equal(adler32(letters("Wikipedia")), 0x11e60398);
});

test("an encoded picture has the chunks of a grey PNG", async () => {
  const image = picture(13, 5);
  const parts = chunks(await encodePng(image));
  assert.deepEqual(
    parts.map((part) => part.type),
    ["IHDR", "IDAT", "IEND"],
  );
  assert.deepEqual([...parts[0].data], [0, 0, 0, 13, 0, 0, 0, 5, 8, 0, 0, 0, 0]);
  const rows = inflateSync(parts[1].data);
  assert.equal(rows.length, 5 * 14);
  for (let y = 0; y < 5; y++) {
    assert.equal(rows[y * 14], 0);
    const row = rows.subarray(y * 14 + 1, (y + 1) * 14);
    assert.deepEqual([...row], [...image.pixels.subarray(y * 13, (y + 1) * 13)]);
  }
});

test("without CompressionStream the picture is the same, only larger", async (t) => {
  const image = picture(300, 300);
  const small = await encodePng({ ...image, pixels: new Uint8Array(90_000) });
  const stream = globalThis.CompressionStream;
  t.after(() => (globalThis.CompressionStream = stream));
  delete globalThis.CompressionStream;
  const stored = await encodePng(image);
  assert.ok(stored.length > 90_000 && small.length < 1000);
  assert.deepEqual((await decodePng(stored)).pixels, image.pixels);
});

test("stored zlib blocks are read by zlib, whatever their number", () => {
  for (const length of [0, 1, 65_535, 65_536, 200_000]) {
    const data = Uint8Array.from({ length }, (_, i) => i % 251);
    assert.deepEqual(new Uint8Array(inflateSync(zlibStored(data))), data);
  }
});

test("what is encoded is decoded", async () => {
  const image = picture(28, 28);
  const { width, height, pixels } = await decodePng(await encodePng(image));
  assert.deepEqual([width, height], [28, 28]);
  assert.deepEqual(pixels, image.pixels);
});

/** Filter rows as the specification defines it, one filter for each row in turn. */
function filtered({ width, height, pixels }) {
  const rows = new Uint8Array(height * (width + 1));
  const value = (x, y) => (x < 0 || y < 0 ? 0 : pixels[y * width + x]);
  for (let y = 0; y < height; y++) {
    rows[y * (width + 1)] = y % 5;
    for (let x = 0; x < width; x++) {
      const [a, b, c] = [value(x - 1, y), value(x, y - 1), value(x - 1, y - 1)];
      const p = a + b - c;
      const nearest = [a, b, c].reduce((best, n) =>
        Math.abs(p - n) < Math.abs(p - best) ? n : best,
      );
      const predicted = [0, a, b, Math.floor((a + b) / 2), nearest][y % 5];
      rows[y * (width + 1) + 1 + x] = value(x, y) - predicted;
    }
  }
  return rows;
}

test("every filter is undone, and split data joined", async () => {
  const image = picture(17, 12);
  const plain = await encodePng(image);
  const [header, , end] = chunks(plain);
  const body = new Uint8Array(deflateSync(filtered(image)));
  const chunk = (type, data) => {
    const head = new DataView(new ArrayBuffer(4));
    head.setUint32(0, data.length);
    return [...new Uint8Array(head.buffer), ...letters(type), ...data, 0, 0, 0, 0];
  };
  const file = Uint8Array.from([
    ...plain.subarray(0, 8),
    ...chunk("IHDR", header.data),
    ...chunk("tEXt", letters("a comment")),
    ...chunk("IDAT", body.subarray(0, 20)),
    ...chunk("IDAT", body.subarray(20)),
    ...chunk("IEND", end.data),
  ]);
  assert.deepEqual((await decodePng(file)).pixels, image.pixels);
});

test("a PNG of another kind is refused", async () => {
  const bytes = await encodePng(picture(4, 4));
  bytes[25] = 3;
  await assert.rejects(decodePng(bytes), /8-bit grey or RGB/);
});
