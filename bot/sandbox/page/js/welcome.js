/** What stands in a chat where nobody has written yet: who one is here, and three things to begin with. */

import { byId, el } from "/page/js/el.js";
import { rupiah } from "/page/js/formats.js";

export class Welcome {
  /** `send` is called with the text of the suggestion that was chosen. */
  constructor(store, send) {
    this._store = store;
    this._send = send;
    this._root = byId("welcome");
    this._shown = null;
    for (const kind of ["opened", "message", "gone", "payments"]) store.on(kind, () => this._show());
  }

  _show() {
    const chat = this._store.open;
    const isNew = Boolean(chat) && ![...chat.messages.values()].some((message) => message.from?.id === chat.personId);
    this._root.hidden = !isNew;
    // Where the bot has spoken already, as alerts do, it stands below what was said.
    this._root.classList.toggle("below", isNew && chat.messages.size > 0);
    const suggestions = isNew ? suggestionsFor(chat, this._payments()) : [];
    const key = isNew ? `${chat.id} ${suggestions.map(({ text }) => text)}` : null;
    if (key === this._shown) return;
    this._shown = key;
    if (!isNew) return;
    const chosen = suggestions.map(({ text, about }) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "suggestion", onclick: () => this._send(text) },
          el("code", {}, text),
          el("span", {}, about),
        ),
      ),
    );
    this._root.replaceChildren(el("p", {}, whoIs(chat)), el("ul", {}, ...chosen));
  }

  /** One of each kind that can be paid now. */
  _payments() {
    const payments = [...this._store.payments.values()].filter((payment) => payment.qr === "valid" && !payment.paid);
    return ["express", "instant"].map((kind) => payments.find((payment) => payment.kind === kind)).filter(Boolean);
  }
}

const KINDS = { express: "a parcel", instant: "couriers within the hour" };
const HELP = { text: "/help", about: "what the bot can do" };

function suggestionsFor(chat, payments) {
  const one = payments.at(-1);
  if (chat.type !== "private") {
    const pay = one && { text: `/pay ${one.payment_id}`, about: "then tap “Saya yang bayar”: I’ll pay this" };
    const alerts = { text: "/alerts", about: "choose which news comes here" };
    return [pay, alerts, { text: "/team on", about: "everybody in here counts as staff" }].filter(Boolean);
  }
  if (isStaff(chat)) {
    const link = one && { text: `/link ${one.payment_id}`, about: "a link for a customer; paste it in Sari’s chat" };
    const stats = { text: "/stats", about: "the shop’s figures, once somebody has asked for a QR" };
    return [link, stats, HELP].filter(Boolean);
  }
  const about = ({ amount, kind }) => `${rupiah(amount)}, ${KINDS[kind]}`;
  return [...payments.map((payment) => ({ text: `/pay ${payment.payment_id}`, about: about(payment) })), HELP];
}

function isStaff(chat) {
  return chat.label.includes("staff");
}

function whoIs(chat) {
  if (chat.type !== "private") return `The shop’s own group. Alerts come here; you write as ${chat.name}, of the staff.`;
  const language = chat.lang === "en" ? "English" : "Indonesian";
  const [who, what] = isStaff(chat)
    ? ["works at the shop", "Make a link, see the figures, or ask for any payment:"]
    : ["is a customer", "Ask the bot for a payment:"];
  return `${chat.name} ${who}; the phone speaks ${language}. ${what}`;
}
