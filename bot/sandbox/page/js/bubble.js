/** One message as it looks; drawn anew with each change of it. */

import { el, icon, unseen } from "/page/js/el.js";
import { formatted } from "/page/js/entities.js";
import { inOneLine, timeOf } from "/page/js/formats.js";
import { keyboardOf } from "/page/js/keyboard.js";
import { pictureOf } from "/page/js/pictures.js";

const SERVICE = {
  new_chat_members: "joined the group",
  left_chat_member: "left the group",
  migrate_to_chat_id: "made this a supergroup",
  migrate_from_chat_id: "made this a supergroup",
};

/** Fills an item of the log with a message. `tools`: presses, links, showPicture, jump. */
export function fillBubble(item, message, chat, tools) {
  item.className = `message ${sideOf(message, chat)}`;
  item.replaceChildren(...partsOf(message, chat, tools));
}

/** Who said it, as a short name. */
export function senderOf(message, chat) {
  if (message.from_bot) return "Paybot";
  return message.from?.id === chat.personId ? "You" : (message.from?.name ?? "");
}

function sideOf(message, chat) {
  if (isService(message)) return "service";
  return message.from?.id === chat.personId ? "mine" : "theirs";
}

function isService(message) {
  return Object.keys(message.service).length > 0;
}

function partsOf(message, chat, tools) {
  if (isService(message)) {
    const kind = Object.keys(message.service).find((key) => SERVICE[key]);
    return [el("p", { class: "pill" }, `${message.from?.name ?? "Somebody"} ${SERVICE[kind] ?? "changed the group"}`)];
  }
  const bubble = el(
    "div",
    { class: message.photo_url ? "bubble with-picture" : "bubble" },
    el("span", { class: chat.type === "private" ? "unseen" : "sender" }, senderOf(message, chat), unseen(": ")),
    quoteOf(message, chat, tools),
    pictureIn(message, chat, tools),
    documentOf(message),
    textOf(message, chat, tools),
    metaOf(message),
  );
  return [bubble, keyboardOf(message, tools)].filter(Boolean);
}

function textOf(message, chat, tools) {
  if (!message.text) return null;
  // What people write are no commands to press, but a link into the bot opens it wherever it stands.
  const { links } = tools;
  const own = { start: links.start, username: links.username };
  return el("div", { class: "text", lang: chat.lang }, formatted(message.text, message.entities, message.from_bot ? links : own));
}

function pictureIn(message, chat, tools) {
  if (!message.photo_url) return null;
  const picture = pictureOf(message, chat.lang);
  picture.addEventListener("click", () => tools.showPicture(message));
  return picture;
}

function documentOf({ document: file }) {
  if (!file) return null;
  return el("a", { class: "file", href: file.url, download: file.name, data: { key: "file" } }, icon("file"), file.name);
}

function quoteOf(message, chat, tools) {
  if (!message.reply_to) return null;
  const asked = chat.messages.get(message.reply_to);
  if (!asked) return el("p", { class: "quote" }, "A deleted message");
  return el(
    "button",
    { type: "button", class: "quote", data: { key: "quote" }, onclick: () => tools.jump(asked.message_id) },
    unseen("In reply to "),
    el("b", {}, senderOf(asked, chat)),
    el("span", { lang: chat.lang }, inOneLine(asked.text || "Picture", 80)),
  );
}

function metaOf(message) {
  const date = new Date(message.date * 1000);
  return el(
    "div",
    { class: "meta" },
    message.silent ? el("span", { class: "silent", title: "Sent without a sound" }, icon("silent"), unseen("sent silently")) : null,
    message.edits ? el("span", {}, "edited") : null,
    el("time", { datetime: date.toISOString(), title: date.toLocaleString("en-GB") }, timeOf(message.date)),
  );
}
