/** Pictures: their size before they are shown, so that nothing jumps, and large on a press. */

import { byId, el, icon } from "/page/js/el.js";
import { inOneLine } from "/page/js/formats.js";

const PATIENCE_MS = 3000;
const UNKNOWN = { width: 800, height: 800 };

const sizes = new Map();

/** Loads a picture and remembers its size. Never fails: a picture that does not come gets a square. */
export async function measure(url) {
  if (!url || sizes.has(url)) return;
  const image = new Image();
  image.src = url;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  await Promise.race([image.decode().catch(() => null), late]);
  sizes.set(url, image.naturalWidth ? { width: image.naturalWidth, height: image.naturalHeight } : UNKNOWN);
}

/** What a picture is to those who do not see it; it says no more than the caption does. */
export function nameOf(message) {
  const what = /\b[XP]ID-/u.test(message.text) ? "QRIS card. " : "";
  return `Picture: ${what}${inOneLine(message.text)}`.trim();
}

/** A message's picture; a press shows it large. */
export function pictureOf(message, lang) {
  const { width, height } = sizes.get(message.photo_url) ?? UNKNOWN;
  const image = el("img", { src: message.photo_url, alt: nameOf(message), width, height, lang });
  return el("button", { type: "button", class: "picture", data: { key: "picture" }, title: "Show it large" }, image);
}

/** The dialog that shows one picture large. */
export class Lightbox {
  constructor(store) {
    this._image = el("img", {});
    const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("close"));
    this._dialog = el("dialog", { class: "lightbox", "aria-label": "Picture" }, close, this._image);
    this._message = null;
    close.addEventListener("click", () => this._dialog.close());
    this._dialog.addEventListener("click", (event) => {
      if (event.target === this._dialog) this._dialog.close();
    });
    this._dialog.addEventListener("close", () => this._closed());
    document.body.append(this._dialog);
    // A QR that is replaced while somebody looks at it must not stay on the screen.
    store.on("message", ({ message }) => {
      if (this._isOf(message)) message.photo_url ? this._fill(message) : this._dialog.close();
    });
    store.on("gone", (message) => this._isOf(message) && this._dialog.close());
  }

  show(message) {
    this._fill(message);
    this._dialog.showModal();
  }

  _fill(message) {
    const { width, height } = sizes.get(message.photo_url) ?? UNKNOWN;
    this._message = message;
    Object.assign(this._image, { src: message.photo_url, alt: nameOf(message), width, height });
  }

  _isOf(message) {
    const shown = this._message;
    return this._dialog.open && shown?.message_id === message.message_id && shown.chat_id === message.chat_id;
  }

  _closed() {
    // The message may have been drawn anew meanwhile: the browser would give the focus back to a node that is gone.
    const opener = byId("log").querySelector(`[data-id="${this._message?.message_id}"] .picture`);
    (opener ?? byId("log")).focus();
    this._message = null;
  }
}
