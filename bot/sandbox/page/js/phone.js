/**
 * "A phone pays": reads the newest QR picture of the open chat as a bank app would, from the picture itself where the
 * browser can, and shows what such an app shows before one pays.
 */

import { Refused, post } from "/page/js/api.js";
import { byId, el, icon, say } from "/page/js/el.js";
import { rupiah } from "/page/js/formats.js";
import { readQris } from "/page/js/qris.js";

export class Phone {
  constructor(store) {
    this._store = store;
    this._title = el("h2", { id: "phone-title" });
    this._body = el("div", { class: "phone-body" });
    const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("close"));
    this._dialog = el(
      "dialog",
      { class: "phone", "aria-labelledby": "phone-title" },
      el("header", {}, this._title, close),
      this._body,
    );
    close.addEventListener("click", () => this._dialog.close());
    this._dialog.addEventListener("click", (event) => event.target === this._dialog && this._dialog.close());
    document.body.append(this._dialog);
    byId("phone").addEventListener("click", () => this.open());
  }

  async open() {
    const chat = this._store.open;
    say(this._title, `${chat.name}’s bank app`);
    const message = this._store.messagesOf(chat.id).findLast(({ photo_url: url, from_bot: isBots }) => url && isBots);
    const known = message && this._store.paymentIn(message.text);
    if (!message) {
      this._tell("There is no picture in this chat yet. Ask the bot for one with /pay and an id.");
    } else {
      const read = await readPicture(message.photo_url);
      if (read === null && known) this._offer(known, known.qr_content, message, false);
      else if (read === null) this._tell("This browser cannot read QR pictures, and this one names no payment.");
      else if (read === "") this._tell("There is no QR code in the newest picture. A receipt cannot be paid.", message);
      else this._offer(this._paymentOf(read) ?? known, read, message, true);
    }
    if (!this._dialog.open) this._dialog.showModal();
  }

  _paymentOf(payload) {
    return [...this._store.payments.values()].find((payment) => payment.qr_content === payload);
  }

  _offer(payment, payload, message, isRead) {
    if (payment?.paid) {
      this._tell(`${payment.payment_id} is paid already. There is nothing left to pay in this picture.`, message);
      return;
    }
    if (!payload) {
      this._tell("This payment has no QR code.", message);
      return;
    }
    const { payee, city, amount, problem } = readQris(payload);
    const facts = [
      ["Payee", payee ?? "not named"],
      ["City", city ?? "not named"],
      ["Amount", amount === null ? "not named" : rupiah(amount)],
      ["Checksum", problem ? "wrong" : "right"],
    ];
    const source = isRead
      ? "Read from the picture in the chat, by this browser."
      : "This browser cannot read QR pictures, so this is the code KiriminAja issued for it.";
    const canPay = payment && !problem;
    const pay = el("button", { type: "button", class: "button primary wide", autofocus: true }, `Pay ${rupiah(amount ?? 0)}`);
    pay.addEventListener("click", () => this._pay(payment.payment_id, pay));
    this._body.replaceChildren(
      thumbnail(message),
      el("dl", { class: "facts-list" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      el("p", { class: "hint" }, source),
      problem ? el("p", { class: "warning" }, problem) : "",
      payment ? "" : el("p", { class: "warning" }, "No payment here has this code."),
      canPay ? pay : "",
    );
  }

  async _pay(id, button) {
    button.setAttribute("aria-disabled", "true");
    try {
      await post(`payments/${id}/pay`, {});
      this._dialog.close();
    } catch (error) {
      this._tell(error instanceof Refused ? `Not paid: ${error.message}` : "The demo is out of reach.");
    }
  }

  _tell(words, message = null) {
    this._body.replaceChildren(message ? thumbnail(message) : "", el("p", {}, words));
  }
}

function thumbnail(message) {
  return el("img", { class: "thumbnail", src: message.photo_url, alt: "" });
}

/** What the picture says; empty where no code is in it, null where this browser cannot read codes. */
async function readPicture(url) {
  if (!("BarcodeDetector" in window)) return null;
  try {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    const bitmap = await createImageBitmap(await (await fetch(url)).blob());
    const [found] = await detector.detect(bitmap);
    bitmap.close();
    return found?.rawValue ?? "";
  } catch {
    return null; // some systems have the class and nothing behind it
  }
}
