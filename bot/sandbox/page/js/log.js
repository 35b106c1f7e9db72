/** The open chat's messages: grouped, by day, kept at the end while one reads there. */

import { fillBubble } from "/page/js/bubble.js";
import { byId, el, say } from "/page/js/el.js";
import { dayKey, dayOf } from "/page/js/formats.js";

const GROUP_SECONDS = 300;
const NEAR_THE_END = 60; // pixels
const GOING_MS = 220; // as long as the animation in messages.css

export class Log {
  constructor(store, tools) {
    this._store = store;
    this._tools = { ...tools, jump: (id) => this.jump(id) };
    this._root = byId("log");
    this._button = byId("newer");
    this._views = new Map();
    this._isFollowing = true;
    this._placed = 0;
    this._missed = 0;

    store.on("message", ({ message, isNew, isOld }) => this._take(message, { isNew, isOld }));
    store.on("gone", (message) => this._remove(message));
    store.on("opened", (id) => this._open(id));
    this._root.addEventListener("scroll", () => this._scrolled(), { passive: true });
    this._button.addEventListener("click", () => {
      this._follow();
      this._root.focus();
    });
    // The keyboard of a phone, a growing text field, an edit: whoever reads the end goes on reading the end.
    this._sizes = new ResizeObserver(() => this._isFollowing && this._follow());
    this._sizes.observe(this._root);
  }

  /** Draws a message's buttons anew, after a press or its answer. */
  redraw(message) {
    const current = this._store.chats.get(message.chat_id)?.messages.get(message.message_id);
    if (current) this._draw(current);
  }

  /** Brings a message into view and points it out. */
  jump(id) {
    const item = this._view?.items.get(id);
    item?.scrollIntoView({ block: "center" });
    this._pointOut(item, "pointed");
  }

  get _view() {
    return this._views.get(this._store.openId);
  }

  _open(id) {
    if (this._shown) Object.assign(this._shown, { isFollowed: this._isFollowing, top: this._root.scrollTop });
    const view = this._views.get(id) ?? this._build(id);
    if (this._shown) this._sizes.unobserve(this._shown.list);
    // Another chat's messages are not news: a screen reader shall not read them all out.
    this._root.setAttribute("aria-busy", "true");
    this._root.replaceChildren(view.list);
    this._sizes.observe(view.list);
    this._shown = view;
    this._missed = 0;
    this._isFollowing = view.isFollowed;
    if (view.isFollowed) this._follow();
    else this._root.scrollTop = view.top;
    this._showButton();
    requestAnimationFrame(() => this._root.removeAttribute("aria-busy"));
  }

  _build(id) {
    const view = { list: el("ol", { class: "messages" }), items: new Map(), isFollowed: true, top: 0 };
    this._views.set(id, view);
    for (const message of this._store.messagesOf(id)) this._draw(message);
    this._arrange(id);
    return view;
  }

  _take(message, { isNew, isOld }) {
    const view = this._views.get(message.chat_id);
    if (!view) return;
    const isOpen = message.chat_id === this._store.openId;
    const item = this._draw(message);
    if (isNew) this._arrange(message.chat_id);
    if (isOld) return;
    this._pointOut(item, isNew ? "arriving" : "changed");
    if (!isOpen || !isNew) return;
    if (this._isFollowing || !message.from_bot) this._follow();
    else this._missed += 1;
    this._showButton();
  }

  _draw(message) {
    const view = this._views.get(message.chat_id);
    if (!view) return null;
    const item = view.items.get(message.message_id) ?? el("li", { data: { id: message.message_id } });
    view.items.set(message.message_id, item);
    const focused = item.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const marks = ["first", "last"].filter((mark) => item.classList.contains(mark));
    fillBubble(item, message, this._store.chats.get(message.chat_id), this._tools);
    item.classList.add(...marks);
    // Drawn anew under somebody's fingers: the focus stays where it was, or near it.
    if (focused) (item.querySelector(`[data-key="${focused}"]`) ?? this._root).focus({ preventScroll: true });
    return item;
  }

  /** Order, groups and days. */
  _arrange(id) {
    const { list, items } = this._views.get(id);
    const messages = this._store.messagesOf(id);
    const nodes = [];
    messages.forEach((message, index) => {
      const [before, after] = [messages[index - 1], messages[index + 1]];
      if (!before || dayKey(before.date) !== dayKey(message.date)) nodes.push(dayMark(list, message.date));
      const item = items.get(message.message_id);
      item.classList.toggle("first", !areTogether(before, message));
      item.classList.toggle("last", !areTogether(message, after));
      nodes.push(item);
    });
    nodes.forEach((node, index) => {
      if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
    });
    while (list.children.length > nodes.length) list.lastElementChild.remove();
  }

  _remove(message) {
    const view = this._views.get(message.chat_id);
    const item = view?.items.get(message.message_id);
    if (!item) return;
    if (item.contains(document.activeElement)) this._root.focus({ preventScroll: true });
    view.items.delete(message.message_id);
    // What quotes it must not go on quoting it.
    const chat = this._store.chats.get(message.chat_id);
    for (const other of chat.messages.values()) if (other.reply_to === message.message_id) this._draw(other);
    this._pointOut(item, "going");
    setTimeout(() => this._arrange(message.chat_id), GOING_MS);
  }

  _pointOut(item, mark) {
    if (!item) return;
    item.classList.remove(mark);
    void item.offsetWidth; // an animation that runs already begins anew
    item.classList.add(mark);
    item.addEventListener("animationend", () => item.classList.remove(mark), { once: true });
  }

  _scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this._root;
    // Only a person's scrolling says whether one wants to be shown what comes; our own says nothing.
    if (Math.abs(scrollTop - this._placed) > 1) {
      this._placed = -1;
      this._isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    }
    this._showButton();
  }

  /** Shows the newest message: its end, or its beginning where it is taller than the screen. */
  _follow() {
    this._root.scrollTop = this._root.scrollHeight;
    const last = this._shown?.list.lastElementChild;
    if (last && last.offsetHeight > this._root.clientHeight) last.scrollIntoView({ block: "start" });
    this._placed = this._root.scrollTop;
    this._isFollowing = true;
    this._showButton();
  }

  _showButton() {
    if (this._isFollowing) this._missed = 0;
    this._button.hidden = this._isFollowing;
    const count = this._missed === 1 ? "1 new message" : `${this._missed} new messages`;
    say(this._button.firstElementChild, this._missed ? count : "To the newest");
  }
}

function areTogether(one, other) {
  if (!one || !other || dayKey(one.date) !== dayKey(other.date)) return false;
  const isService = Object.keys(one.service).length + Object.keys(other.service).length > 0;
  return !isService && one.from?.id === other.from?.id && other.date - one.date < GROUP_SECONDS;
}

function dayMark(list, date) {
  const key = dayKey(date);
  const known = [...list.children].find((node) => node.dataset.day === key);
  const node = known ?? el("li", { class: "day", data: { day: key } }, el("span", { class: "pill" }));
  say(node.firstElementChild, dayOf(date));
  return node;
}
