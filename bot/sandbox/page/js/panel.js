/** The provider's side: a row a sample payment, with what may happen to it next. */

import { Refused, post } from "/page/js/api.js";
import { byId, el, icon, say } from "/page/js/el.js";
import { rupiah } from "/page/js/formats.js";
import { toast } from "/page/js/toast.js";

const PAYING = [
  ["pay", "Pay"],
  ["reissue", "Re-issue QR"],
];
const SENDING = [
  ["assign_driver", "Assign driver"],
  ["pick_up", "Pick up"],
  ["deliver", "Deliver"],
  ["cancel", "Cancel"],
];
const COURIERS = { gosend: "GoSend", grab_express: "GrabExpress", borzo: "Borzo" };
const NOTES = { broken_crc: "its QR is broken", other_amount: "its QR has another amount", none: "on terms, no QR" };
const AMOUNTS = [47_500, 88_000, 129_000, 23_900, 310_000];

export class Panel {
  /** `ask` is called with a payment's id that somebody wants to ask the bot for. */
  constructor(store, ask) {
    this._store = store;
    this._ask = ask;
    this._rows = new Map();
    store.on("payments", (what) => this._show(what));
    for (const button of document.querySelectorAll("[data-new]")) {
      button.addEventListener("click", () => this._new(button.dataset.new));
    }
  }

  _show({ id, isLive } = {}) {
    for (const [known, row] of this._rows) {
      if (!this._store.payments.has(known)) {
        row.root.remove();
        this._rows.delete(known);
      }
    }
    for (const payment of this._store.payments.values()) {
      if (id && payment.payment_id !== id) continue;
      if (!this._rows.has(payment.payment_id)) this._rows.set(payment.payment_id, this._build(payment));
      this._update(payment, this._rows.get(payment.payment_id), isLive);
    }
  }

  _build(payment) {
    const { payment_id: id, kind, amount } = payment;
    const state = el("span", { class: "state" });
    const money = el("span", { class: "amount", role: "cell" });
    const about = el("span", { class: "about" });
    const packages = el("ul", { class: "packages" });
    const actions = [...PAYING, ...(kind === "instant" ? SENDING : [])];
    const buttons = actions.map(([action, name]) => [action, this._button(id, action, name)]);
    const ask = el(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Ask in chat", title: "Ask in chat", onclick: () => this._ask(id) },
      icon("ask"),
    );
    const root = el(
      "div",
      { class: "payment", role: "row", data: { id } },
      el("span", { class: "payment-id", role: "rowheader" }, id),
      money,
      el("div", { class: "facts", role: "cell" }, state, about, packages),
      el("div", { class: "actions", role: "cell" }, ...buttons.map(([, button]) => button), ask),
    );
    byId("payments").append(root);
    return { root, state, money, about, packages, buttons, amount };
  }

  _button(id, action, name) {
    const act = (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") this._act(id, action);
    };
    return el("button", { type: "button", class: "button small", onclick: act }, name);
  }

  _update(payment, row, isLive) {
    say(row.money, rupiah(payment.amount));
    say(row.state, payment.state);
    row.state.dataset.state = payment.state;
    say(row.about, aboutOf(payment));
    const packages = payment.paid ? payment.packages : [];
    row.packages.hidden = !packages.length;
    const lines = packages.map((item) => `${COURIERS[item.service] ?? item.service} ${item.awb ?? ""}: ${item.state}`);
    if (row.packages.innerText !== lines.join("\n")) row.packages.replaceChildren(...lines.map((line) => el("li", {}, line)));
    for (const [action, button] of row.buttons) {
      // Not `disabled`: the button just pressed would lose the focus.
      const isPossible = mayFollow(action, payment.actions);
      button.setAttribute("aria-disabled", String(!isPossible));
      button.classList.toggle("primary", isPossible && action === payment.actions[0]);
    }
    if (!isLive) return;
    row.root.classList.remove("changed");
    void row.root.offsetWidth; // the animation begins anew
    row.root.classList.add("changed");
  }

  async _act(id, action) {
    try {
      await post(`payments/${id}/${action}`, {});
    } catch (error) {
      toast(error instanceof Refused ? `KiriminAja: ${error.message}` : "The demo is out of reach.");
    }
  }

  async _new(kind) {
    const amount = AMOUNTS[this._store.payments.size % AMOUNTS.length];
    try {
      const made = await post("payments", { kind, amount, ...(kind === "instant" ? { packages: 2 } : {}) });
      this._store.putPayment(made);
      this._rows.get(made.payment_id).root.scrollIntoView({ block: "nearest" });
      this._ask(made.payment_id);
    } catch (error) {
      toast(error instanceof Refused ? error.message : "The demo is out of reach.");
    }
  }
}

/** What is next, or comes after it: couriers leave steps out too. */
function mayFollow(action, actions) {
  const steps = SENDING.map(([name]) => name);
  return actions.includes(action) || actions.some((next) => steps.includes(next) && steps.indexOf(next) < steps.indexOf(action));
}

function aboutOf({ kind, packages, qr, requests, paid }) {
  const count = packages.length > 1 ? `, ${packages.length} packages` : "";
  const looked = requests === 1 ? "asked once" : `asked ${requests} times`;
  const parts = [kind === "instant" ? `Instant${count}` : "Express", paid ? null : NOTES[qr], requests ? looked : null];
  return parts.filter(Boolean).join(" · ");
}
