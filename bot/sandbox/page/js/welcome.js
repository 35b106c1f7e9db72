/** What stands in an empty chat: who one is here, and three things to begin with. */

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
    const isEmpty = Boolean(chat) && chat.messages.size === 0;
    this._root.hidden = !isEmpty;
    const key = isEmpty ? `${chat.id} ${this._suggestions().map(({ text }) => text)}` : null;
    if (key === this._shown) return;
    this._shown = key;
    if (!isEmpty) return;
    const chosen = this._suggestions().map(({ text, about }) =>
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

  _suggestions() {
    const payments = [...this._store.payments.values()].filter((payment) => payment.qr === "valid");
    const first = (kind) => payments.find((payment) => payment.kind === kind && !payment.paid);
    const [express, instant] = [first("express"), first("instant")];
    const about = { express: "a parcel", instant: "couriers within the hour" };
    const pays = [express, instant]
      .filter(Boolean)
      .map(({ payment_id: id, amount, kind }) => ({ text: `/pay ${id}`, about: `${rupiah(amount)}, ${about[kind]}` }));
    return [...pays, { text: "/help", about: "what the bot can do" }];
  }
}

function whoIs(chat) {
  if (chat.type !== "private") return `The shop’s own group. Alerts arrive here; you write as ${chat.name}.`;
  const language = chat.lang === "en" ? "English" : "Indonesian";
  const who = chat.label.includes("staff") ? "works at the shop" : "is a customer";
  return `${chat.name} ${who}; the phone speaks ${language}. Ask the bot for a payment:`;
}
