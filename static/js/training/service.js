/** The room's part of the API. */

async function answered(response) {
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.detail), body);
  return body;
}

const post = (path, body) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).then(answered);

export const dataSet = () => fetch("train/data", { cache: "no-store" }).then(answered);
export const fetchData = () => post("train/data", {});
export const offered = () => fetch("train/layers").then(answered);
export const measure = (settings) => post("train/networks", settings);
export const start = (settings) => post("train/runs", settings);
export const tell = (run, command) => post(`train/runs/${run}/commands`, command);
export const watch = (run, since, seen) =>
  fetch(`train/runs/${run}?since=${since}${seen < 0 ? "" : `&seen=${seen}`}`, {
    cache: "no-store",
  }).then(answered);
export const ask = (run, blob) =>
  fetch(`train/runs/${run}/predict`, { method: "POST", body: blob }).then(answered);
export const seen = (blob) => fetch("train/inputs", { method: "POST", body: blob }).then(answered);
