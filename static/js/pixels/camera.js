/** A picture from the camera, with a view-finder; without a camera, the file chooser. */

import { byId } from "../dom.js";

export class Camera {
  #dialog = byId("camera-dialog");
  #video = byId("viewfinder");
  #onPicture;

  constructor(onPicture) {
    this.#onPicture = onPicture;
    byId("camera-close").addEventListener("click", () => this.#dialog.close());
    byId("shutter").addEventListener("click", () => this.#shoot());
    this.#dialog.addEventListener("close", () => this.#release());
  }

  /** @throws {Error} if there is no camera or it may not be used */
  async open() {
    const facing = { facingMode: "environment", width: { ideal: 1280 } };
    this.#video.srcObject = await navigator.mediaDevices.getUserMedia({ video: facing });
    this.#dialog.showModal();
    await this.#video.play();
  }

  async #shoot() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
    this.#dialog.close();
    this.#onPicture(new File([blob], "camera.jpg", { type: blob.type }));
  }

  #release() {
    for (const track of this.#video.srcObject?.getTracks() ?? []) track.stop();
    this.#video.srcObject = null;
  }
}
