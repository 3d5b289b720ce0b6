/** What the network is, how it was trained and how good it is, as GET /model tells it. */

import { byId, element } from "../dom.js";
import { count, percent, plural } from "../format.js";

export function showModel(model) {
  const convolutions = model.layers.filter((layer) => layer.view === "convolution").length;
  byId("facts").replaceChildren(
    ...rows([
      ["Network", `${model.name}, version ${model.version}`],
      ["Layers", `${model.layers.length}, of them ${plural(convolutions, "convolution")}`],
      ["Size", `${count(model.parameters)} weights`],
      ["Work", `${count(model.multiply_adds)} multiply-adds for a picture`],
      ["Training", trainingSentence(model.training)],
      ["Code", element("code", {}, "convnet/layers"), ": one file for each kind of layer"],
    ]),
  );
  const accuracy = Object.entries(model.accuracy);
  const figures = accuracy.map(([set, share]) => [setName(set), percent(share, 2)]);
  byId("accuracy").replaceChildren(...rows(figures.length ? figures : [["Accuracy", "unknown"]]));
}

function rows(facts) {
  return facts.map(([name, ...value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, ...value)),
  );
}

/** `test` → "Its own test set", `held_out_mnist` → "MNIST, held out", `…_photos` → "Photos". */
export function setName(key) {
  if (key === "mnist_test") return "MNIST test set";
  if (key === "test") return "Its own test set";
  if (key === "held_out_mnist") return "MNIST, held out";
  const words = key.replace("held_out_", "").replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** The record of the training as one sentence. */
export function trainingSentence({ epochs, optimizer, kinds }) {
  const drawn = Object.values(kinds ?? {}).reduce((sum, pictures) => sum + pictures, 0);
  const parts = [
    epochs && plural(epochs, "epoch"),
    optimizer && `with ${optimizer}`,
    drawn && `on MNIST and ${count(drawn)} drawn pictures`,
  ];
  return parts.filter(Boolean).join(" ") || "by this project’s own code";
}
