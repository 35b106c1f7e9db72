/** The commands the bot has told Telegram, offered while one types `/`. */

import { get } from "/page/js/api.js";
import { byId, el } from "/page/js/el.js";

export class Commands {
  /** `choose` is called with a command, without its slash. */
  constructor(store, field, choose) {
    this._store = store;
    this._field = field;
    this._choose = choose;
    this._list = byId("commands");
    this._offered = [];
    this._active = -1;
    this._menus = null;
    // A bot that was started anew may have told another menu.
    store.on("process", () => (this._menus = null));
    field.addEventListener("input", () => this._offer());
    field.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this._list.hidden;
  }

  close() {
    this._list.hidden = true;
    this._field.removeAttribute("aria-activedescendant");
  }

  /** A key in the text field; true where it was meant for the list. */
  handle(event) {
    if (!this.isOpen) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const active = this._offered[this._active];
    if (event.key in steps) this._move(this._active + steps[event.key]);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) this._choose(active);
    // A command typed in full is meant to go.
    else if (event.key === "Enter" && this._field.value.trim() !== `/${active}`) this._choose(active);
    else return false;
    return true;
  }

  async _offer() {
    const typed = /^\/([a-z0-9_]*)$/iu.exec(this._field.value)?.[1].toLowerCase();
    if (typed === undefined) return this.close();
    this._menus ??= readMenus();
    const menu = menuFor(await this._menus, this._store.open);
    if (this._field.value.slice(1).toLowerCase() !== typed) return undefined; // more was typed meanwhile
    const fitting = menu.filter(({ command }) => command.startsWith(typed));
    this._offered = fitting.map(({ command }) => command);
    this._list.replaceChildren(...fitting.map((entry, index) => this._option(entry, index)));
    if (!fitting.length) return this.close();
    this._list.hidden = false;
    return this._move(0);
  }

  _option({ command, description }, index) {
    const option = el(
      "li",
      { role: "option", id: `command-${index}`, "aria-selected": "false" },
      el("b", {}, `/${command}`),
      el("span", { lang: this._store.open.lang }, description),
    );
    // Not `click`: the field would have lost the focus, and the list be gone, before it.
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this._choose(command);
    });
    return option;
  }

  _move(to) {
    this._active = (to + this._offered.length) % this._offered.length;
    [...this._list.children].forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === this._active));
    });
    this._list.children[this._active].scrollIntoView({ block: "nearest" });
    this._field.setAttribute("aria-activedescendant", `command-${this._active}`);
  }
}

/** By scope and language, what the bot set last. */
async function readMenus() {
  const menus = new Map();
  try {
    const { calls } = await get("calls");
    for (const { method, params, done } of calls) {
      const key = `${params.scope?.type ?? "default"} ${params.language_code ?? ""}`;
      if (method === "setMyCommands" && done) menus.set(key, params.commands);
      if (method === "deleteMyCommands" && done) menus.delete(key);
    }
  } catch {
    // Without a menu there is nothing to offer; the command itself works all the same.
  }
  return menus;
}

/** The narrowest menu that fits: https://core.telegram.org/bots/api#determining-list-of-commands. */
function menuFor(menus, chat) {
  const scopes = chat.type === "private" ? ["all_private_chats"] : ["all_chat_administrators", "all_group_chats"];
  for (const scope of [...scopes, "default"]) {
    for (const lang of [chat.lang, ""]) {
      const menu = menus.get(`${scope} ${lang}`);
      if (menu?.length) return menu;
    }
  }
  return [];
}
