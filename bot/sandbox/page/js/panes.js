/** On a phone one pane at a time; the tab of the chats shows that something came while one was at KiriminAja. */

export class Panes {
  constructor(store) {
    this._tabs = [...document.querySelectorAll("[data-show]")];
    this._dot = document.querySelector(".tabs .dot");
    for (const tab of this._tabs) tab.addEventListener("click", () => this.show(tab.dataset.show));
    store.on("message", ({ message, isNew, isOld }) => {
      if (isNew && !isOld && message.from_bot && document.body.dataset.pane === "panel") this._dot.hidden = false;
    });
  }

  show(pane) {
    document.body.dataset.pane = pane;
    for (const tab of this._tabs) {
      if (tab.dataset.show === pane) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    if (pane === "chat") this._dot.hidden = true;
  }
}
