/** The quiet note that the service is away, and the waiting until it is back. */

import { retryDelay } from "./client.js";
import { byId, setText } from "../dom.js";

export class Away {
  #note = byId("away");
  #attempt = 0;
  #timer = null;
  #retry;

  /** @param retry asks again */
  constructor(retry) {
    this.#retry = retry;
    byId("retry").addEventListener("click", () => this.#now());
    window.addEventListener("online", () => this.#timer && this.#now());
  }

  report(error) {
    clearTimeout(this.#timer);
    this.#note.hidden = false;
    setText(
      byId("away-text"),
      `${error.message} Your drawing is safe, and is read as soon as it is back.`,
    );
    this.#timer = setTimeout(() => this.#now(), retryDelay(this.#attempt++, error.retryAfter));
  }

  /** The service has answered. */
  back() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#attempt = 0;
    this.#note.hidden = true;
  }

  #now() {
    clearTimeout(this.#timer);
    this.#retry();
  }
}
