/** What can be taken along: curves, weights, ONNX, a link, Python. */

import { byId, element } from "../dom.js";
import { settings } from "./build.js";

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** @param runs whose newest one is taken */
export function prepareTaking(runs) {
  byId("csv").onclick = () => {
    const { curve } = runs.current;
    const names = Object.keys(curve[0]);
    const rows = [names, ...curve.map((p) => names.map((name) => p[name] ?? ""))];
    save(new Blob([rows.map((row) => row.join(",")).join("\n") + "\n"]), "curve.csv");
  };
  byId("png").onclick = () => byId("loss").toBlob((blob) => save(blob, "curve.png"));
  byId("link").onclick = () => {
    location.hash = encodeURIComponent(JSON.stringify(settings()));
    copy(location.href);
  };
  byId("copy-python").onclick = () => {
    byId("build").elements.python.select();
    copy(byId("build").elements.python.value);
  };
  byId("copy-script").onclick = () => copy(byId("copy-script").dataset.script);
}

const copy = (text) => navigator.clipboard?.writeText(text).catch(() => {});

/** Offer what a run has learnt. */
export function offer(run, begun) {
  for (const [id, name] of [["weights", "weights.npz"], ["onnx", "network.onnx"]]) {
    byId(id).href = `train/runs/${run}/${name}`;
    byId(id).hidden = !begun;
  }
}
