/** Inline keyboards: rows of buttons that call back, open a page, or copy a text. */

import { el, icon, unseen } from "/page/js/el.js";
import { startPayload } from "/page/js/entities.js";
import { toast } from "/page/js/toast.js";

/** The rows under a message; null where it has none. */
export function keyboardOf(message, { presses, links }) {
  if (!message.buttons.length) return null;
  const rows = message.buttons.map((row, y) =>
    el("div", { class: "key-row" }, ...row.map((button, x) => keyOf(message, button, `key-${y}-${x}`, presses, links))),
  );
  return el("div", { class: "keys", role: "group", "aria-label": "Buttons" }, ...rows);
}

function keyOf(message, { text, action, value }, key, presses, links) {
  const words = el("span", { class: "key-text" }, text);
  const common = { class: "key", data: { key } };
  if (action === "url") return linkKey(value, words, common, links);
  if (action === "copy_text") {
    return el("button", { type: "button", ...common, onclick: () => copy(value, links) }, words, icon("copy"));
  }
  const isWaiting = presses.isWaiting(message, value);
  const press = () => presses.press(message, value);
  return el(
    "button",
    { type: "button", ...common, onclick: press, "aria-busy": isWaiting ? "true" : null },
    words,
    isWaiting ? unseen(", waiting for the bot") : null,
  );
}

function linkKey(address, words, common, links) {
  const url = URL.canParse(address) ? new URL(address) : null;
  const payload = url && startPayload(url, links.username);
  if (payload !== null) {
    return el("button", { type: "button", ...common, onclick: () => links.start(payload) }, words);
  }
  // Telegram takes tg: too, which no browser opens.
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  const target = isWeb ? { href: url.href, target: "_blank", rel: "noopener noreferrer" } : {};
  return el("a", { ...common, ...target }, words, icon("out"), unseen(", opens a new tab"));
}

async function copy(text, { username }) {
  try {
    await navigator.clipboard.writeText(text);
    const isForOthers = text.includes(`t.me/${username}?start=`);
    toast(isForOthers ? "Copied. Paste it in Sari’s or Tom’s chat to open it there." : `Copied: ${text}`);
  } catch {
    toast(`This browser does not let the page copy. The text: ${text}`);
  }
}
