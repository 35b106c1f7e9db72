/** The chat list: who one may be, what was said last, and what is not yet read. */

import { byId, el, icon, say } from "/page/js/el.js";
import { inOneLine, timeOf } from "/page/js/formats.js";

const TITLE = document.title;

export class ChatList {
  /** `opened` is called after somebody has chosen a chat. */
  constructor(store, opened) {
    this._store = store;
    this._opened = opened;
    this._entries = new Map();
    store.on("chats", () => this._show());
  }

  _show() {
    for (const { chat_id: id } of this._store.cast) {
      if (!this._entries.has(id)) this._entries.set(id, this._build(this._store.chats.get(id)));
      this._update(this._store.chats.get(id), this._entries.get(id));
    }
    const unread = [...this._store.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
    document.title = unread ? `(${unread}) ${TITLE}` : TITLE;
    this._showHead();
  }

  _build(chat) {
    const choose = () => {
      this._store.openChat(chat.id);
      this._opened();
    };
    const about = `about-${this._entries.size}`;
    const preview = el("span", { class: "preview", "aria-hidden": "true" });
    const time = el("time", { class: "when", "aria-hidden": "true" });
    const badge = el("span", { class: "badge", "aria-hidden": "true", hidden: true });
    const face = chat.type === "private" ? chat.name[0] : icon("group");
    const [name, role] = chat.label.split(", ");
    // The button covers its entry. Its name is the label alone; what changes is its description.
    const button = el(
      "button",
      { type: "button", class: "entry-name", "aria-label": chat.label, "aria-describedby": about, onclick: choose },
      el("b", {}, name),
      role ? el("span", { class: "role" }, `, ${role}`) : null,
    );
    const description = el("span", { class: "unseen", id: about });
    const root = el(
      "li",
      { class: "entry" },
      el("span", { class: "face", data: { of: String(this._entries.size) }, "aria-hidden": "true" }, face),
      button,
      time,
      preview,
      badge,
      description,
    );
    byId("chats").append(root);
    return { button, preview, time, badge, description };
  }

  _update(chat, { button, preview, time, badge, description }) {
    const last = this._store.messagesOf(chat.id).at(-1);
    const words = previewOf(chat, last);
    button.toggleAttribute("aria-current", false);
    if (chat.id === this._store.openId) button.setAttribute("aria-current", "true");
    preview.lang = chat.isTyping || !last ? "en" : chat.lang;
    preview.classList.toggle("typing", chat.isTyping);
    say(preview, words);
    say(time, last ? timeOf(last.date) : "");
    badge.hidden = !chat.unread;
    say(badge, String(chat.unread));
    say(description, `${chat.unread ? `${chat.unread} unread. ` : ""}${words}`);
  }

  _showHead() {
    const chat = this._store.open;
    if (!chat) return;
    say(byId("chat-name"), chat.label.split(", ")[0]);
    const about = byId("chat-about");
    about.classList.toggle("typing", chat.isTyping);
    say(about, chat.isTyping ? "Paybot is typing…" : aboutOf(chat, this._store.bot));
  }
}

function aboutOf(chat, bot) {
  return chat.type === "private" ? `${chat.label.split(", ")[1]}, with @${bot.username}` : `${chat.name} and @${bot.username}`;
}

function previewOf(chat, last) {
  if (chat.isTyping) return "typing…";
  if (!last) return "No messages yet";
  const words = inOneLine(last.text, 80) || (last.document ? last.document.name : "Picture");
  return last.from?.id === chat.personId ? `You: ${words}` : words;
}
