/** What the bot answers to a press, as Telegram shows it: a line for a moment, or an alert that waits to be closed. */

import { byId, el } from "/page/js/el.js";

const LEAST_MS = 3500;
const MS_PER_LETTER = 50; // time to read it

let timer = 0;
let toasts = 0;
let alerts = 0;

/** A line that goes by itself; returns its number. */
export function toast(text, lang = "en") {
  const box = byId("toast");
  clearTimeout(timer);
  box.replaceChildren(el("p", { lang }, text));
  box.dataset.shown = "true";
  timer = setTimeout(fade, LEAST_MS + text.length * MS_PER_LETTER);
  toasts += 1;
  return toasts;
}

/** Takes a line away before its time, unless another has followed it. */
export function hush(number) {
  if (number !== toasts) return;
  clearTimeout(timer);
  fade();
}

function fade() {
  const box = byId("toast");
  delete box.dataset.shown;
  // Emptied after it has faded: the next one, even of the same words, is read out as new.
  timer = setTimeout(() => box.replaceChildren(), 400);
}

/** An alert that stays until closed. */
export function alertBox(text, lang = "en") {
  alerts += 1;
  const id = `alert-${alerts}`;
  const words = el("p", { id, lang }, text);
  const close = el("button", { type: "button", class: "button primary", autofocus: true }, "OK");
  const dialog = el(
    "dialog",
    { class: "alert", role: "alertdialog", "aria-label": "The bot answers", "aria-describedby": id },
    words,
    close,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
