/** How KiriminAja is doing: up, slow or down. */

import { post } from "/page/js/api.js";
import { byId, el } from "/page/js/el.js";
import { toast } from "/page/js/toast.js";

const MODES = ["up", "slow", "down"];

export class ProviderSwitch {
  constructor(store) {
    this._store = store;
    this._inputs = MODES.map((mode) => {
      const change = () => this._choose(mode);
      return el("input", { type: "radio", name: "provider", value: mode, onchange: change });
    });
    const labels = this._inputs.map((input) =>
      el("label", { class: "segment", data: { mode: input.value } }, input, el("span", {}, input.value[0].toUpperCase() + input.value.slice(1))),
    );
    byId("provider").append(...labels);
    store.on("provider", () => this._show());
  }

  _show() {
    for (const input of this._inputs) input.checked = input.value === this._store.provider?.mode;
  }

  async _choose(mode) {
    try {
      await post("provider", { mode });
    } catch {
      toast("The demo is out of reach.");
      this._show();
    }
  }
}
