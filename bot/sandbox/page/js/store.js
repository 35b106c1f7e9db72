/** How things stand: chats, payments, the bot's process. The stream writes here, the parts of the page listen. */

const TYPING_SECONDS = 5; // as long as Telegram shows a chat action

export class Store {
  constructor() {
    this.bot = null;
    this.cast = [];
    this.languages = new Map();
    this.chats = new Map();
    this.payments = new Map();
    this.provider = null;
    this.process = null;
    this.openId = null;
    this._listeners = new Map();
  }

  /** Calls `listener` whenever something of this kind happens. */
  on(kind, listener) {
    if (!this._listeners.has(kind)) this._listeners.set(kind, []);
    this._listeners.get(kind).push(listener);
  }

  tell(kind, detail) {
    for (const listener of this._listeners.get(kind) ?? []) listener(detail);
  }

  /** The chat that is open, with its `person_id`, `label`, `messages`, `unread` and `lang`. */
  get open() {
    return this.chats.get(this.openId);
  }

  /** Takes the whole state in: at the start, and again after the connection was lost. */
  load(state, messagesOf) {
    this.bot = state.bot;
    this.cast = state.cast;
    this.languages = new Map(state.people.map((person) => [person.id, person.language_code]));
    const isFirst = this.chats.size === 0;
    for (const { chat_id: id, person_id: personId, label } of state.cast) {
      const info = state.chats.find((chat) => chat.id === id);
      const known = this.chats.get(id) ?? { id, messages: new Map(), unread: 0, isTyping: false, timer: 0 };
      // A group has the bot's one language; in private it is the phone's.
      const lang = info?.person_id ? (this.languages.get(info.person_id) ?? "id") : "id";
      const name = state.people.find((person) => person.id === personId)?.first_name ?? label;
      this.chats.set(id, Object.assign(known, { personId, label, lang, name, type: info?.type ?? "private" }));
    }
    this.payments = new Map(state.payments.map((payment) => [payment.payment_id, payment]));
    this.provider = state.provider;
    this.process = state.process;
    for (const [id, messages] of messagesOf) {
      for (const message of messages) this.put(message, { isOld: isFirst });
      this._forgetMissing(id, messages);
    }
    if (!this.chats.has(this.openId)) this.openId = this.cast[0]?.chat_id ?? null;
    for (const kind of ["loaded", "payments", "provider", "process", "chats"]) this.tell(kind);
  }

  /** One event of the stream. */
  take(event) {
    switch (event.type) {
      case "message":
      case "edit":
      case "delete":
        this.put(event.message);
        break;
      case "chat_action":
        this._typing(event.chat_id, true);
        break;
      case "payment":
        // A new one is told before it has its packages; who made it may know more by then.
        if (event.action !== "new" || !this.payments.has(event.payment.payment_id)) this.putPayment(event.payment);
        break;
      case "request":
        this._count(event.payment_id);
        break;
      case "provider":
        this.provider = { ...this.provider, mode: event.mode };
        this.tell("provider");
        break;
      case "process":
        this.process = { ...this.process, pid: null, ...event };
        this.tell("process");
        break;
      case "press":
      case "callback_answer":
        this.tell(event.type, event);
        break;
      default: // what else happens in the sandbox shows itself by its effects
    }
  }

  /** A message as it is now. Older versions than the known one, as after a reconnection, change nothing. */
  put(message, { isOld = false } = {}) {
    const chat = this.chats.get(message.chat_id);
    if (!chat) return;
    const known = chat.messages.get(message.message_id);
    if (message.deleted) {
      if (chat.messages.delete(message.message_id)) this.tell("gone", message);
    } else if (!known || (message.edits >= known.edits && JSON.stringify(known) !== JSON.stringify(message))) {
      chat.messages.set(message.message_id, message);
      if (!known && message.from_bot && !isOld) {
        this._typing(chat.id, false);
        if (chat.id !== this.openId) chat.unread += 1;
      }
      this.tell("message", { message, isNew: !known, isOld });
    } else {
      return;
    }
    this.tell("chats");
  }

  /** A payment as it is now. */
  putPayment(payment) {
    this.payments.set(payment.payment_id, payment);
    this.tell("payments", { id: payment.payment_id, isLive: true });
  }

  /** Opens a chat: what is in it has been read. */
  openChat(id) {
    if (!this.chats.has(id)) return;
    this.openId = id;
    this.open.unread = 0;
    this.tell("opened", id);
    this.tell("chats");
  }

  /** A chat's messages, oldest first. */
  messagesOf(id) {
    return [...(this.chats.get(id)?.messages.values() ?? [])].sort((a, b) => a.message_id - b.message_id);
  }

  /** The payment a text names; the last one where it names several. */
  paymentIn(text) {
    const named = [...this.payments.values()].filter((payment) => text.includes(payment.payment_id));
    return named.sort((a, b) => text.lastIndexOf(a.payment_id) - text.lastIndexOf(b.payment_id)).at(-1) ?? null;
  }

  _forgetMissing(id, messages) {
    const there = new Set(messages.map((message) => message.message_id));
    for (const message of this.messagesOf(id)) {
      if (!there.has(message.message_id)) this.put({ ...message, deleted: true });
    }
  }

  _count(id) {
    const payment = this.payments.get(id);
    if (!payment) return;
    this.payments.set(id, { ...payment, requests: payment.requests + 1 });
    this.tell("payments", { id, isLive: false });
  }

  _typing(id, isTyping) {
    const chat = this.chats.get(id);
    if (!chat) return;
    clearTimeout(chat.timer);
    chat.isTyping = isTyping;
    if (isTyping) chat.timer = setTimeout(() => this._typing(id, false), TYPING_SECONDS * 1000);
    this.tell("chats");
  }
}
