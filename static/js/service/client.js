/** Ask the service: helpful errors, one request at a time, longer waits after each failure. */

import { sentence } from "../format.js";

const TIMEOUT_MS = 15_000;

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

/**
 * Send a picture's bytes, or JSON, and return the parsed answer.
 *
 * @param {Blob | object} body a Blob goes as it is, anything else as JSON
 * @throws {ServiceError} if the status is not 2xx, or there is no answer
 */
export async function post(path, body, { signal, fetch = globalThis.fetch } = {}) {
  const blob = body instanceof Blob;
  return ask(path, fetch, {
    method: "POST",
    headers: { "Content-Type": blob ? body.type : "application/json" },
    body: blob ? body : JSON.stringify(body),
    signal,
  });
}

export async function get(path, { signal, fetch = globalThis.fetch } = {}) {
  return ask(path, fetch, { signal });
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
