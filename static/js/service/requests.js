/**
 * From a drawing to answers: what the service is asked, in which order, and what is dropped.
 *
 * An answer is asked for with every movement. The feature maps follow each answer; the heat map,
 * which costs more, follows once the pen rests.
 */

import { LatestRequest, post } from "./client.js";
import { toBlob } from "../drawing/drawing.js";
import { decodeSprite, fromDataUrl } from "../results/maps.js";

/** The pen rests when it has not moved for this time. */
const REST_MS = 60;
const HEAT_MS = 200;

/** While the pen moves, maps are asked for no more often than this: answers come first. */
const MAPS_MS = 100;

export class Requests {
  #answers = new LatestRequest();
  #maps = new LatestRequest();
  #heat = new LatestRequest();
  #details = new LatestRequest();
  #on;
  #drawing = null;
  #answered = null;
  #subject = null;
  #resting = false;
  #restTimer;
  #heatTimer;
  #mapsTimer = null;

  /** Whether the feature maps are on the screen; otherwise they are not requested. */
  mapsAreSeen = false;

  /** @param on functions `{ answer, rest, maps, heat, error }`, called with what arrives */
  constructor(on) {
    this.#on = on;
  }

  /** The latest answer, what it is about and what the network saw, or null. */
  get answered() {
    return this.#answered;
  }

  /** Forget all requests. */
  cancel() {
    for (const latest of [this.#answers, this.#maps, this.#heat, this.#details]) latest.cancel();
    clearTimeout(this.#restTimer);
    clearTimeout(this.#heatTimer);
    this.#drawing = this.#answered = this.#subject = null;
  }

  /** Ask the service to read the drawing. */
  ask(drawing) {
    this.#drawing = drawing;
    this.#resting = false;
    clearTimeout(this.#restTimer);
    clearTimeout(this.#heatTimer);
    this.#restTimer = setTimeout(() => {
      this.#resting = true;
      this.#restIfAnswered();
    }, REST_MS);
    this.#answers.ask(
      (signal) => read(drawing, signal),
      (result) => this.#deliver(result),
      this.#on.error,
    );
  }

  /** Show the maps of this picture: the whole drawing, or one digit of a number. */
  explain(blob) {
    this.#subject = blob;
    this.#mapsTimer ??= setTimeout(() => this.refreshMaps(), this.#resting ? 0 : MAPS_MS);
    clearTimeout(this.#heatTimer);
    this.#heatTimer = setTimeout(() => this.#askHeat(), HEAT_MS);
  }

  /** Ask for the maps now, if there is a picture and they are on the screen. */
  refreshMaps() {
    clearTimeout(this.#mapsTimer);
    this.#mapsTimer = null;
    if (!this.#subject || !this.mapsAreSeen) return;
    this.#explain(this.#maps, "", this.#on.maps);
  }

  /** The exact numbers of one layer, for following it by hand; `asked` is which of them. */
  detail(layer, asked, onDetail) {
    const query = new URLSearchParams({ maps: false, layer });
    for (const [name, value] of Object.entries(asked)) if (value !== null) query.set(name, value);
    if (this.#subject) this.#explain(this.#details, `?${query}`, onDetail);
  }

  #deliver(answered) {
    this.#answered = answered;
    this.#on.answer(answered);
    this.#restIfAnswered();
  }

  #restIfAnswered() {
    if (!this.#resting || this.#answered?.drawing !== this.#drawing) return;
    this.#on.rest(this.#answered.answer);
  }

  #askHeat() {
    if (this.#subject) this.#explain(this.#heat, "?maps=false&heatmap=true", this.#on.heat);
  }

  #explain(latest, query, onAnswer) {
    const subject = this.#subject;
    const send = async (signal) => decode(await post(`explain${query}`, subject, { signal }));
    // If a picture cannot be explained, reading it has failed already, with a message.
    const onError = (error) => error.temporary && this.#on.error(error);
    latest.ask(send, onAnswer, onError);
  }
}

async function read(drawing, signal) {
  const blob = await toBlob(drawing);
  const path = drawing.wide ? "read?input=true" : "predict?input=true";
  const answer = await post(path, blob, { signal });
  const digits = drawing.wide ? answer.digits : [answer];
  const inputs = await Promise.all(digits.map(({ input }) => decodeSprite({ image: input })));
  return { drawing, blob, answer, inputs };
}

/** An explanation with its pictures decoded. */
async function decode(explanation) {
  const sprite = (source) => source && decodeSprite(source);
  const layers = explanation.layers.map(async (layer) => ({
    ...layer,
    maps: await sprite(layer.maps),
  }));
  return {
    ...explanation,
    layers: await Promise.all(layers),
    input: await sprite(explanation.input),
    heatmap: await sprite(explanation.heatmap),
  };
}

/** A digit of /read as a picture of its own. */
export function digitBlob(digit) {
  return new Blob([fromDataUrl(digit.input)], { type: "image/png" });
}
