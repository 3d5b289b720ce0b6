/** Numbers and verdicts as people read them. */

/** `0.9913` → "99.1 %", with `digits` after the point. */
export function percent(share, digits = 1) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A probability that the network gave; at most "99.9 %", because no reading is certain. */
export function probability(share) {
  return percent(Math.min(share, 0.999));
}

/** `2, "epoch"` → "2 epochs". */
export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A number with the digits that are shown of it; half a digit is rounded away from zero. */
export function rounded(value, digits = 3) {
  return Number((value * (1 + 1e-12)).toPrecision(digits));
}

/** A number with three significant digits: `4.1` → "4.10", `0.04` → "0.0400". */
export function significant(value, digits = 3) {
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  const [mantissa, exponent] = rounded(value, digits).toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (Number(mantissa) === 0) return "0";
  const plain = power < -4 ? `${mantissa}e${power}` : rounded(value, digits).toFixed(Math.max(0, digits - 1 - power));
  return plain.replaceAll("-", "−");
}

/** `33900000` → "33.9 million"; `1234` → "1,234". */
export function count(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} million`;
  return value.toLocaleString("en");
}

/** `[28, 28, 24]` → "28 × 28 × 24". */
export function size(shape) {
  return shape.join(" × ");
}

/** How the verdict on something that is no digit ends. */
export const SEVERAL = "If it is several digits, choose “A number”.";

/** What to say of a prediction, in one sentence; `digits` is whether all classes are digits. */
export function verdict({ label, confidence, top }, digits = true) {
  if (label === null) {
    return digits
      ? `That is not a digit that I know; ${top[0].label} comes nearest. ${SEVERAL}`
      : `That is nothing that I know; ${top[0].label} comes nearest.`;
  }
  const a = digits ? "a " : "";
  const name = digits ? `A ${label}` : label;
  if (confidence > 0.999) return `${name}. I am more than 99.9 % sure.`;
  if (confidence >= 0.9) return `${name}. I am ${probability(confidence)} sure.`;
  return `Perhaps ${a}${label}, ${probability(confidence)}. Or else ${a}${top[1].label}.`;
}

/** What to say of a number that was read. */
export function numberVerdict({ text, digits, symbols = [], grid = null }) {
  if (digits.length + symbols.length === 0) return "No digits found.";
  const unknown = symbols.filter((symbol) => symbol.text === "?").length;
  const found = digits.length === 1 ? "One digit" : `${digits.length} digits`;
  const doubt = unknown ? ` ${unknown} of its characters I do not recognise.` : "";
  if (grid) return `${found} in a grid of ${size([grid.rows, grid.columns])} cells.${doubt}`;
  return `${found}: ${text.replaceAll("\n", ", ")}.${doubt}`;
}
