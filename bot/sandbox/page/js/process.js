/** The bot's process: it may be killed for real, and started again. */

import { post } from "/page/js/api.js";
import { byId, el, say } from "/page/js/el.js";
import { toast } from "/page/js/toast.js";

const WORDS = { starting: "is starting", running: "is running", stopped: "is dead" };
const ADVICE = {
  starting: "It takes up where it was killed.",
  running: "A real kill -9. Nothing is lost.",
  stopped: "Write and pay on: it answers once it is back.",
};

export class ProcessSwitch {
  constructor(store) {
    this._store = store;
    this._state = el("p", { class: "process-state", role: "status" });
    this._advice = el("p", { class: "hint" });
    this._button = el("button", { type: "button", class: "button", onclick: () => this._press() });
    byId("process").append(el("div", {}, this._state, this._advice), this._button);
    store.on("process", () => this._show());
  }

  _show() {
    const { state, pid } = this._store.process ?? { state: "stopped" };
    this._state.dataset.state = state;
    say(this._state, `The bot ${WORDS[state]}`);
    say(this._advice, state === "running" ? `Process ${pid}. ${ADVICE[state]}` : ADVICE[state]);
    say(this._button, state === "stopped" ? "Start it again" : "Kill the bot");
    this._button.classList.toggle("primary", state === "stopped");
  }

  async _press() {
    const action = this._store.process?.state === "stopped" ? "start" : "kill";
    try {
      await post("process", { action });
    } catch {
      toast("The demo is out of reach.");
    }
  }
}
