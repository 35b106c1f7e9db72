/**
 * Presses of inline buttons, from the touch to the bot's answer. The answer comes by the stream: a request that waited
 * for it would hold one of the few connections a browser opens to one address, for as long as the bot is dead.
 */

import { Refused, post } from "/page/js/api.js";
import { alertBox, hush, toast } from "/page/js/toast.js";

const ANSWER_WITHIN_MS = 60_000; // after that Telegram takes no answer any more

export class Presses {
  /** `redraw` is called with a message whose buttons look different now. */
  constructor(store, redraw) {
    this._store = store;
    this._redraw = redraw;
    this._waiting = new Map();
    this._told = { chatId: null, number: 0 };
    store.on("press", (event) => this._arrived(event));
    store.on("callback_answer", (event) => this._answered(event));
    // What one person is told is not meant for the next.
    store.on("opened", (id) => id !== this._told.chatId && hush(this._told.number));
  }

  /** Whether a button of a message is pressed and not yet answered. */
  isWaiting(message, data) {
    return this._waiting.has(keyOf(message.chat_id, data));
  }

  async press(message, data) {
    const chat = this._store.chats.get(message.chat_id);
    const key = keyOf(chat.id, data);
    if (this._waiting.has(key)) return;
    const abort = new AbortController();
    const late = setTimeout(() => this._end(key, "The bot did not answer this press."), ANSWER_WITHIN_MS);
    this._waiting.set(key, { message, chat, abort, late, queryId: null });
    this._redraw(message);
    try {
      const body = { person_id: chat.personId, chat_id: chat.id, message_id: message.message_id, data, timeout: 60 };
      this._show(key, await post("press", body, { signal: abort.signal }));
    } catch (error) {
      if (error.name === "AbortError") return; // it arrived; the answer will come by the stream
      this._end(key, error instanceof Refused ? `Not pressed: ${error.message}` : "The demo is out of reach.");
    }
  }

  _arrived({ chat_id: chatId, data, query_id: queryId }) {
    const pending = this._waiting.get(keyOf(chatId, data));
    if (!pending || pending.queryId) return;
    pending.queryId = queryId;
    pending.abort.abort();
  }

  _answered(event) {
    for (const [key, { queryId }] of this._waiting) {
      if (queryId === event.query_id) this._show(key, event);
    }
  }

  _show(key, answer) {
    const pending = this._waiting.get(key);
    this._end(key);
    if (!pending || !answer.text) return;
    if (answer.show_alert) alertBox(answer.text, pending.chat.lang);
    else this._told = { chatId: pending.chat.id, number: toast(answer.text, pending.chat.lang) };
  }

  _end(key, problem = "") {
    const pending = this._waiting.get(key);
    if (!pending) return;
    clearTimeout(pending.late);
    this._waiting.delete(key);
    this._redraw(pending.message);
    if (problem) toast(problem);
  }
}

function keyOf(chatId, data) {
  return `${chatId} ${data}`;
}
