/** Small plots on canvases: lines, bars, maps and points, in the colours of the page. */

/** @returns {string} a colour of the style sheets; `alpha` is for those that are three numbers */
export function colour(name, alpha = 1) {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return /^[\d ]+$/.test(value) ? `rgb(${value} / ${alpha})` : value;
}

/** A canvas made empty, sharp at any density: `[context, width, height]` in CSS pixels. */
export function paper(canvas) {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  context.scale(density, density);
  return [context, width, height];
}

/**
 * Lines over steps.
 *
 * @param {{ points: number[][], colour: string, dashed?: boolean, name?: string }[]} all
 * @param {{ log?: boolean, top?: number }} options
 */
export function lines(canvas, all, { log = false, top } = {}) {
  const [context, width, height] = paper(canvas);
  const points = all.flatMap((line) => line.points);
  const scale = (value) => (log ? Math.log10(Math.max(value, 1e-4)) : value);
  const values = points.map(([, value]) => scale(value));
  const low = log ? Math.floor(Math.min(-1, ...values)) : 0;
  const high = top ?? Math.max(low + 1e-6, Math.ceil(Math.max(0, ...values)));
  const last = Math.max(1, ...points.map(([step]) => step));
  const x = (step) => 38 + (step / last) * (width - 56);
  const y = (value) => height - 18 - ((scale(value) - low) / (high - low)) * (height - 28);
  Object.assign(context, { font: "11px sans-serif", fillStyle: colour("soft"), lineWidth: 1 });
  context.strokeStyle = colour("rule");
  for (let i = 0; i <= 4; i++) {
    const level = low + ((high - low) * i) / 4;
    const value = log ? 10 ** level : level;
    const text = top ? `${Math.round(100 * value)} %` : Number(value.toPrecision(2)).toString();
    context.beginPath();
    context.moveTo(38, y(value));
    context.lineTo(width - 8, y(value));
    context.stroke();
    context.fillText(text, 2, y(value) + 4);
  }
  context.fillText(`step ${last.toLocaleString("en")}`, width - 84, height - 3);
  for (const line of all) {
    context.strokeStyle = line.colour;
    context.lineWidth = 1.8;
    context.setLineDash(line.dashed ? [5, 4] : []);
    context.beginPath();
    line.points.forEach(([step, value]) => context.lineTo(x(step), y(value)));
    context.stroke();
    const [step, value] = line.points.at(-1) ?? [];
    context.fillStyle = line.colour;
    if (line.name && step) context.fillText(line.name, x(step) + 3, y(value) + 4);
  }
}

/** Bars side by side, with a name below each. */
export function bars(canvas, values, names = [], name = "positive") {
  const [context, width, height] = paper(canvas);
  const foot = names.length ? 18 : 0;
  const most = names.length ? 1 : Math.max(1e-9, ...values);
  const wide = width / values.length;
  values.forEach((value, i) => {
    context.fillStyle = colour(name);
    const tall = (value / most) * (height - foot);
    context.fillRect(i * wide + 1, height - foot - tall, Math.max(1, wide - 2), tall);
    context.fillStyle = colour("soft");
    if (foot) context.fillText(names[i], i * wide + wide / 2 - 3, height - 4, wide);
  });
}

/** Maps in rows: zero is the colour of the card, above it warm, below it blue. */
export function maps(canvas, all) {
  const [context, width, height] = paper(canvas);
  if (!all.length) return;
  const [rows, columns] = [all[0].length, all[0][0].length];
  let [across, side] = [all.length, 0];
  for (let n = 1; n <= all.length; n++) {
    const fits = Math.min(width / n / columns, height / Math.ceil(all.length / n) / rows);
    if (fits > side) [across, side] = [n, fits];
  }
  side *= 0.92;
  const most = Math.max(1e-6, ...all.flat(2).map(Math.abs));
  const [wide, tall] = [(side / 0.92) * columns, (side / 0.92) * rows];
  all.forEach((map, index) => {
    const [left, above] = [(index % across) * wide, Math.floor(index / across) * tall];
    context.strokeStyle = colour("rule");
    context.strokeRect(left + 0.5, above + 0.5, side * columns, side * rows);
    map.forEach((row, r) =>
      row.forEach((value, c) => {
        context.fillStyle = colours(value, most);
        context.fillRect(left + c * side, above + r * side, side + 0.4, side + 0.4);
      }),
    );
  });
}

const shades = new Map();

function colours(value, most) {
  const shade = Math.round((16 * value) / most);
  const key = `${matchMedia("(prefers-color-scheme: dark)").matches}${shade}`;
  if (!shades.has(key))
    shades.set(key, colour(shade < 0 ? "negative" : "positive", Math.abs(shade) / 16));
  return shades.get(key);
}

/** Labels where their points lie, -1 to 1; `name` tells what a label is called. */
export function places(canvas, points, labels, name) {
  const [context, width, height] = paper(canvas);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  context.font = "600 12px sans-serif";
  points.forEach(([x, y], i) => {
    context.fillStyle = `hsl(${labels[i] * 36} 62% ${dark ? 62 : 40}%)`;
    context.fillText(name(labels[i]), (width * (x + 1.05)) / 2.2, (height * (1.1 - y)) / 2.2);
  });
}

/** A picture of 28 × 28 grey values, in base64: dark ink on white paper. */
export function picture(canvas, text) {
  canvas.width = canvas.height = 28;
  const context = canvas.getContext("2d");
  const image = context.createImageData(28, 28);
  [...atob(text)].forEach((byte, i) => {
    image.data.fill(255 - byte.charCodeAt(0), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}
