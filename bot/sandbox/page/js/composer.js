/** The text field: Enter sends, Shift+Enter begins a line; each chat keeps what was begun in it. */

import { Refused, post } from "/page/js/api.js";
import { Commands } from "/page/js/commands.js";
import { byId } from "/page/js/el.js";
import { toast } from "/page/js/toast.js";

const TALLEST = 160; // pixels; beyond it the field scrolls

export class Composer {
  constructor(store) {
    this._store = store;
    this._field = byId("message");
    this._drafts = new Map();
    this._of = null;
    this._commands = new Commands(store, this._field, (command) => this.write(`/${command} `));
    store.on("opened", (id) => this._turnTo(id));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this._submit();
    });
    this._field.addEventListener("keydown", (event) => this._key(event));
    this._field.addEventListener("input", () => this._grow());
  }

  focus() {
    this._field.focus();
  }

  /** Puts a text into the field, to be sent or changed. */
  write(text) {
    this._field.value = text;
    this._commands.close();
    this._grow();
    this.focus();
  }

  /** Sends a text to the open chat, as whoever writes there; whether it went. */
  async send(text) {
    const chat = this._store.open;
    if (!chat || !text.trim()) return false;
    try {
      this._store.put(await post("send", { person_id: chat.personId, chat_id: chat.id, text: text.trim() }));
      return true;
    } catch (error) {
      toast(error instanceof Refused ? `Not sent: ${error.message}` : "Not sent: the demo is out of reach.");
      return false;
    }
  }

  async _submit() {
    const text = this._field.value;
    this.write("");
    // What did not go is given back, unless something else is being written by now.
    if (text.trim() && !(await this.send(text)) && !this._field.value) this.write(text);
  }

  _key(event) {
    if (event.isComposing) return;
    if (this._commands.handle(event)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this._submit();
    }
  }

  _turnTo(id) {
    if (this._of === id) return;
    this._drafts.set(this._of, this._field.value);
    this._of = id;
    this._field.value = this._drafts.get(id) ?? "";
    this._field.placeholder = `Write as ${this._store.open.name}, / for commands`;
    this._commands.close();
    this._grow();
  }

  _grow() {
    this._field.style.height = "auto";
    this._field.style.height = `${Math.min(this._field.scrollHeight, TALLEST)}px`;
  }
}
