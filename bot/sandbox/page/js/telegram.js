/** Telegram's side, in trouble when one likes: out of reach for a while, or taking messages without an answer. */

import { post } from "/page/js/api.js";
import { byId, el, say } from "/page/js/el.js";
import { toast } from "/page/js/toast.js";

const AWAY_S = 30;
const LOST = 3;

export class TelegramSwitch {
  constructor() {
    this._state = el("p", { class: "hint", role: "status" });
    this._away = el("button", { type: "button", class: "button quiet", onclick: () => this._leave() }, `Down for ${AWAY_S} s`);
    this._lose = el("button", { type: "button", class: "button quiet", onclick: () => this._loseAnswers() }, `Lose ${LOST} answers`);
    byId("telegram").append(this._away, this._lose, this._state);
  }

  async _leave() {
    if (this._away.ariaDisabled === "true" || !(await this._post({ away: AWAY_S }))) return;
    this._away.ariaDisabled = "true";
    say(this._state, "Out of reach. What you write now, the bot hears when it is back; what it has to say waits.");
    setTimeout(() => {
      this._away.ariaDisabled = "false";
      say(this._state, "Back again.");
    }, AWAY_S * 1000);
  }

  async _loseAnswers() {
    if (!(await this._post({ reset: "sendMessage", when: "after", times: LOST }))) return;
    say(this._state, `The next ${LOST} messages arrive, and the bot is not told so: it looks for them before it repeats itself.`);
  }

  async _post(body) {
    try {
      await post("telegram", body);
      return true;
    } catch {
      toast("The demo is out of reach.");
      return false;
    }
  }
}
