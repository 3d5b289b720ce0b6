/** What the network is, how it was trained and how good it is, as GET /model tells it. */

import { byId, element } from "./dom.js";
import { count } from "./format.js";

export function showModel(model) {
  const convolutions = model.layers.filter((layer) => layer.kind === "Conv2D").length;
  const facts = [
    [
      "Network",
      `${model.name} ${model.version}: ${model.layers.length} layers, ${convolutions} of them convolutions`,
    ],
    [
      "Size",
      `${count(model.parameters)} weights, ${count(model.multiply_adds)} multiply-adds for a digit`,
    ],
    ...Object.entries(model.accuracy).map(([set, share]) => [
      setName(set),
      `${(100 * share).toFixed(2)} % read right`,
    ]),
    ["Training", trainingSentence(model.training)],
  ];
  const rows = facts.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value)),
  );
  byId("facts").replaceChildren(...rows);
}

/** `mnist_test` → "MNIST test set", `held_out_printed` → "Held-out printed". */
export function setName(key) {
  if (key === "mnist_test") return "MNIST test set";
  const words = key.replaceAll("_", " ").replace("mnist", "MNIST").replace("held out", "held-out");
  return words[0].toUpperCase() + words.slice(1);
}

/** What is known of the training, in one sentence. */
export function trainingSentence({ epochs, optimizer, seconds, finished }) {
  const parts = [
    epochs && `${epochs} epochs`,
    optimizer && `with ${optimizer}`,
    seconds && `in ${Math.round(seconds / 60)} minutes on a CPU`,
    finished && `finished ${finished}`,
  ];
  return (
    parts.filter(Boolean).join(", ").replace(", with", " with") || "by this project’s own code"
  );
}
