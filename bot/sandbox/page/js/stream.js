/**
 * The connection: everything at the start, then each change as a server-sent event. When it is lost the page says so
 * and tries again; what was missed comes by the last event's id.
 */

import { get } from "/page/js/api.js";
import { measure } from "/page/js/pictures.js";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;

export class Stream {
  /** `show` is told "live" or "lost". */
  constructor(store, show) {
    this._store = store;
    this._show = show;
    this._pause = FIRST_RETRY_MS;
    this._source = null;
    this._seen = 0;
    // One event after another, although a picture's size has to be waited for.
    this._turn = Promise.resolve();
    addEventListener("pagehide", () => this._source?.close());
    addEventListener("pageshow", (event) => event.persisted && this.connect());
  }

  async connect() {
    try {
      const state = await get("state");
      // Numbers that go back mean another demo on this port: nothing that is shown is true any more.
      if (state.last_event_id < this._seen) return location.reload();
      const chats = state.cast.map(async ({ chat_id: id }) => [id, (await get(`chats/${id}/messages`)).messages]);
      const messagesOf = await Promise.all(chats);
      const shown = messagesOf.flatMap(([, messages]) => messages.filter((message) => !message.deleted));
      await Promise.all(shown.map((message) => measure(message.photo_url)));
      this._store.load(state, messagesOf);
      this._seen = state.last_event_id;
      this._listen();
    } catch (error) {
      if (!(error instanceof TypeError)) console.warn("the demo cannot be read:", error.message);
      this._retry();
    }
    return undefined;
  }

  _listen() {
    const source = new EventSource(`/sandbox/events?after=${this._seen}`);
    this._source = source;
    source.onopen = () => {
      this._pause = FIRST_RETRY_MS;
      this._show("live");
    };
    source.onmessage = ({ data }) => this._queue(JSON.parse(data));
    source.onerror = () => {
      source.close();
      this._retry();
    };
  }

  _queue(event) {
    this._turn = this._turn
      .then(() => measure(event.type === "delete" ? null : event.message?.photo_url))
      .then(() => this._take(event))
      .catch((error) => console.error(error)); // one event that fails must not stop those after it
  }

  _take(event) {
    this._seen = event.id;
    this._store.take(event);
  }

  _retry() {
    this._show("lost");
    setTimeout(() => this.connect(), this._pause);
    this._pause = Math.min(this._pause * 2, LAST_RETRY_MS);
  }
}
