/**
 * Ask the service: helpful errors, longer waits after each failure, one request at a time.
 *
 * This module imports nothing and runs in browsers and in Node 20; the page uses it, and so may you:
 *
 *     import { Client } from "./client.js";
 *     const { digit } = await new Client("http://127.0.0.1:8000").predict(blob);
 *
 * Its types are in client.d.ts.
 */

const TIMEOUT_MS = 15_000;
const ATTEMPTS = 5;
const LONGEST_WAIT_MS = 30_000;

/** What the service takes by default in one request: 32 pictures, and 8 MiB. */
const BATCH = 32;
const BATCH_LETTERS = 7_000_000;

/** The service answered, but not with what was asked for; or did not answer (`status` 0). */
export class ServiceError extends Error {
  constructor(message, { status = 0, code = "unreachable", retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { name: "ServiceError", status, code, retryAfter });
  }

  /** Whether the same request may succeed later. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Asks one service, and asks again while it is busy or away, for as long as it says. */
export class Client {
  #url;
  #options;
  #sleep;

  constructor(url = "", { key, fetch = globalThis.fetch, sleep = pause } = {}) {
    this.#url = url.replace(/\/$/, "");
    this.#options = { fetch, headers: key ? { Authorization: `Bearer ${key}` } : {} };
    this.#sleep = sleep;
  }

  /** Read a picture of one digit; options are `top` and `input`. */
  predict(picture, options = {}) {
    return this.#send("/predict", picture, options);
  }

  /** Read pictures of one digit each, in as many requests as it takes. */
  async predictMany(pictures, { batch = BATCH, ...options } = {}) {
    const images = await Promise.all([...pictures].map(toBase64));
    const readings = [];
    for (const some of batches(images, batch)) {
      const answer = await this.#patiently(() =>
        post(`${this.#url}/predict`, { images: some, ...options }, this.#options),
      );
      readings.push(...answer.predictions);
    }
    return readings;
  }

  /** Read a picture of a whole number; the option is `input`. */
  read(picture, options = {}) {
    return this.#send("/read", picture, options);
  }

  /**
   * Say what every layer saw; options as in docs/api.md (`maps`, `heatmap`, `layer` …).
   *
   * @param {Picture} picture
   * @returns {Promise<Explanation>}
   */
  explain(picture, options = {}) {
    return this.#send("/explain", picture, options);
  }

  /** Describe the network of the service, and its limits. */
  model() {
    return this.#patiently(() => get(`${this.#url}/model`, this.#options));
  }

  #send(route, picture, options) {
    const texts = Object.entries(options).map(([name, value]) => [name, String(value)]);
    const query = texts.length ? `?${new URLSearchParams(texts)}` : "";
    const path = `${this.#url}${route}${query}`;
    const body =
      typeof picture === "string"
        ? { image: picture }
        : new Blob([picture], { type: "application/octet-stream" });
    return this.#patiently(() => post(path, body, this.#options));
  }

  async #patiently(ask) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const wait = retryDelay(attempt, error.retryAfter);
        const again = error.temporary && error.status !== 500 && error.status !== 501;
        if (!again || attempt === ATTEMPTS - 1 || wait > LONGEST_WAIT_MS) throw error;
        await this.#sleep(wait);
      }
    }
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function toBase64(picture) {
  if (typeof picture === "string") return picture;
  const bytes = new Uint8Array(await new Blob([picture]).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Divide pictures in base64 into lists that fit into one request each. */
export function batches(images, most, letters = BATCH_LETTERS) {
  if (!(most >= 1)) throw new RangeError(`batch must be at least 1, got ${most}`);
  const found = [];
  let size = Infinity;
  for (const image of images) {
    if (size + image.length > letters || found.at(-1).length >= most) {
      found.push([]);
      size = 0;
    }
    found.at(-1).push(image);
    size += image.length;
  }
  return found;
}

/**
 * Send a picture's bytes, or JSON, and return the parsed answer.
 *
 * @param {Blob | object} body a Blob goes as it is, anything else as JSON
 * @throws {ServiceError} if the status is not 2xx, or there is no answer
 */
export async function post(path, body, { signal, headers, fetch = globalThis.fetch } = {}) {
  const blob = body instanceof Blob;
  return ask(path, fetch, {
    method: "POST",
    headers: { "Content-Type": blob ? body.type : "application/json", ...headers },
    body: blob ? body : JSON.stringify(body),
    signal,
  });
}

export async function get(path, { signal, headers, fetch = globalThis.fetch } = {}) {
  return ask(path, fetch, { signal, headers });
}

async function ask(path, fetch, options) {
  const patience = AbortSignal.timeout?.(TIMEOUT_MS);
  const signals = [options.signal, patience].filter(Boolean);
  const signal = AbortSignal.any ? AbortSignal.any(signals) : options.signal;
  let response;
  try {
    response = await fetch(path, { ...options, signal });
    if (response.ok) return await response.json();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ServiceError("The service does not answer.");
  }
  throw await problem(response);
}

async function problem(response) {
  const body = await response.json().catch(() => ({}));
  return new ServiceError(sentence(body.detail || `the service answered ${response.status}`), {
    status: response.status,
    code: body.code ?? "http_error",
    retryAfter: parseRetryAfter(response.headers.get("Retry-After")),
  });
}

/** What the service says, `the image is blank`, as a sentence. */
export function sentence(text) {
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** Seconds, or an HTTP date (RFC 9110, section 10.2.3), as milliseconds from now. */
export function parseRetryAfter(text, now = Date.now()) {
  if (!text) return null;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

/** How long to wait before attempt number `attempt` (0, 1, …): 0.5, 1, 2, 4, then 8 seconds. */
export function retryDelay(attempt, retryAfter = null) {
  return Math.max(retryAfter ?? 0, Math.min(8000, 500 * 2 ** attempt));
}

/**
 * Keeps answers in order. One request is under way; of those made in the meantime only the newest
 * is kept. So an old answer can never replace a newer one, and a pen that never rests still
 * gets answers.
 */
export class LatestRequest {
  #running = null;
  #waiting = null;
  #sequence = 0;

  /**
   * @param {(signal: AbortSignal) => Promise} send starts the request
   * @param {(answer) => void} onAnswer
   * @param {(error) => void} onError
   */
  ask(send, onAnswer, onError) {
    const job = { send, onAnswer, onError, number: ++this.#sequence };
    if (this.#running) this.#waiting = job;
    else this.#run(job);
  }

  /** Forget all requests: none of their answers will be delivered. */
  cancel() {
    this.#waiting = null;
    this.#running?.controller.abort();
    this.#running = null;
  }

  get busy() {
    return this.#running !== null;
  }

  async #run(job) {
    job.controller = new AbortController();
    this.#running = job;
    const isCurrent = () => this.#running?.number === job.number;
    let report;
    try {
      const answer = await job.send(job.controller.signal);
      report = () => job.onAnswer(answer);
    } catch (error) {
      report = () => job.onError(error);
    }
    if (!isCurrent()) return;
    this.#running = null;
    const next = this.#waiting;
    this.#waiting = null;
    if (next) this.#run(next);
    report();
  }
}
