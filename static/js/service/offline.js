/** The note that the service does not answer, and asking again until it does. */

import { retryDelay } from "./client.js";
import { byId, setText } from "../dom.js";

export class OfflineNotice {
  #note = byId("offline");
  #attempt = 0;
  #timer = null;
  #retry;

  /** @param {() => void} retry asks again */
  constructor(retry) {
    this.#retry = retry;
    byId("retry").addEventListener("click", () => this.#now());
    window.addEventListener("online", () => this.#timer && this.#now());
  }

  report(error) {
    clearTimeout(this.#timer);
    this.#note.hidden = false;
    setText(
      byId("offline-text"),
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
