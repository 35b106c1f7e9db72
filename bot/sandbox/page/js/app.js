/** Puts the page together. */

import { ChatList } from "/page/js/chatlist.js";
import { Composer } from "/page/js/composer.js";
import { byId, say } from "/page/js/el.js";
import { Log } from "/page/js/log.js";
import { Panel } from "/page/js/panel.js";
import { Panes } from "/page/js/panes.js";
import { Phone } from "/page/js/phone.js";
import { Lightbox } from "/page/js/pictures.js";
import { Presses } from "/page/js/presses.js";
import { ProcessSwitch } from "/page/js/process.js";
import { ProviderSwitch } from "/page/js/provider.js";
import { Store } from "/page/js/store.js";
import { Stream } from "/page/js/stream.js";
import { TelegramSwitch } from "/page/js/telegram.js";
import { Welcome } from "/page/js/welcome.js";

const CONNECTION = { live: "Live", lost: "Reconnecting…" };

const store = new Store();
const composer = new Composer(store);
const lightbox = new Lightbox(store);
const panes = new Panes(store);
const presses = new Presses(store, (message) => log.redraw(message));

const links = {
  start: (payload) => {
    // As in Telegram: whoever follows it comes to their own chat with the bot.
    const { id, personId } = store.open;
    if (id !== personId) {
      store.openChat(personId);
      writeOn();
    }
    composer.send(`/start ${payload}`.trim());
  },
  command: (text) => composer.send(text),
  get username() {
    return store.bot?.username;
  },
};
const log = new Log(store, { presses, links, showPicture: (message) => lightbox.show(message) });

// With a mouse or a keyboard one goes on writing at once; on a phone that would only raise the keyboard.
const writeOn = () => matchMedia("(hover: hover) and (pointer: fine)").matches && composer.focus();

const ask = (id) => {
  panes.show("chat");
  composer.write(`/pay ${id}`);
};

new ChatList(store, () => {
  panes.show("chat");
  writeOn();
});
new Welcome(store, (text) => {
  composer.send(text);
  writeOn();
});
new Panel(store, ask);
new ProviderSwitch(store);
new TelegramSwitch();
new ProcessSwitch(store);
new Phone(store);

store.on("loaded", () => store.openChat(store.openId));

const connection = byId("connection");
new Stream(store, (state) => {
  connection.dataset.state = state;
  say(connection.firstElementChild, CONNECTION[state]);
}).connect();
