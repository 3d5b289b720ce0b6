// @ts-check
/**
 * A convolution followed by hand: the window under the kernel, the products and their sum. All is
 * computed with the three digits that are shown, so that who computes it again gets the same.
 *
 * Arrays are in C order: inputs (H, W, C), kernels (KH, KW, C).
 */

import { rounded, significant } from "../format.js";

/**
 * Where the window of one output position begins in the input; negative in the padding.
 *
 * @returns {[number, number]} row, column
 */
export function windowOrigin(row, column, stride, padding) {
  return [row * stride[0] - padding[0][0], column * stride[1] - padding[1][0]];
}

/** The number at a place of one channel, 0 in the padding. */
export function valueAt({ shape: [height, width, channels], values }, row, column, channel) {
  if (row < 0 || column < 0 || row >= height || column >= width) return 0;
  return values[(row * width + column) * channels + channel];
}

/** One channel as a map of its own. */
export function channelOf({ shape: [height, width, channels], values }, channel) {
  return Float32Array.from({ length: height * width }, (_, i) => values[i * channels + channel]);
}

/** What lies under the kernel in one channel: rows of numbers; `dilation` leaves gaps. */
export function windowOf(input, [top, left], [height, width], channel, [down, across] = [1, 1]) {
  return grid(height, width, (y, x) =>
    valueAt(input, top + y * down, left + x * across, channel),
  );
}

/** The kernel's weights for one channel: rows of numbers. */
export function kernelOf({ shape: [height, width, channels], values }, channel) {
  return grid(height, width, (y, x) => values[(y * width + x) * channels + channel]);
}

/** Two tables multiplied number by number. */
export function multiply(a, b) {
  return a.map((row, y) => row.map((value, x) => rounded(rounded(value) * rounded(b[y][x]))));
}

export function sum(rows) {
  return rounded(rows.flat().reduce((total, value) => total + rounded(value), 0));
}

/** What to add where the numbers that are shown come to something else than all their digits do. */
export function withAllDigits(shown, exact) {
  return significant(shown) === significant(exact)
    ? ""
    : ` (The network computes with all digits, and gets ${significant(exact)}.)`;
}

/** What every input channel adds to one output number. */
export function partialSums(input, kernel, origin, dilation = [1, 1]) {
  const [height, width, channels] = kernel.shape;
  return Array.from({ length: channels }, (_, channel) => {
    const seen = windowOf(input, origin, [height, width], channel, dilation);
    return sum(multiply(seen, kernelOf(kernel, channel)));
  });
}

export function grid(height, width, value) {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => value(y, x)),
  );
}
