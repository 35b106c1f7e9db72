/** Telegram's entities as DOM. Offsets count UTF-16 code units, as JavaScript's strings do. */

import { el } from "/page/js/el.js";

const PLAIN = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

/**
 * A text with its entities. `links` has `start(payload)` for links into this very bot and `command(text)` for
 * commands, where a press should send them; without it they are mere text.
 */
export function formatted(text, entities, links) {
  const sorted = [...entities]
    .filter((entity) => entity.length > 0 && entity.offset >= 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  const fragment = document.createDocumentFragment();
  fragment.append(...pieces(text, sorted, 0, text.length, links));
  return fragment;
}

function pieces(text, entities, from, to, links) {
  const nodes = [];
  let at = from;
  let next = 0;
  while (next < entities.length) {
    const entity = entities[next];
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    next += 1;
    if (start >= end) continue;
    // What begins within this one is inside it; what would reach out is cut at its end.
    const inner = [];
    while (next < entities.length && entities[next].offset < end) inner.push(entities[next++]);
    if (start > at) nodes.push(text.slice(at, start));
    const words = text.slice(start, end);
    nodes.push(element(entity, words, pieces(text, inner, start, end, links), links));
    at = end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

function element(entity, words, children, links) {
  if (PLAIN[entity.type]) return el(PLAIN[entity.type], {}, ...children);
  switch (entity.type) {
    case "pre":
      return el("pre", { tabindex: "0" }, el("code", {}, ...children));
    case "text_link":
      return anchor(entity.url, children, links);
    case "url":
      return anchor(/^[a-z][a-z0-9+.-]*:/iu.test(words) ? words : `http://${words}`, children, links);
    case "email":
      return anchor(`mailto:${words}`, children, links);
    case "phone_number":
      return anchor(`tel:${words.replace(/[^+\d]/gu, "")}`, children, links);
    case "spoiler":
      return spoiler(children);
    case "bot_command":
      return links?.command
        ? el("button", { type: "button", class: "inline-command", onclick: () => links.command(words) }, ...children)
        : el("span", { class: "tag" }, ...children);
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return el("span", { class: "tag" }, ...children);
    default:
      return el("span", {}, ...children);
  }
}

/** A link that may be followed; anything else than web, mail and telephone stays text. */
function anchor(address, children, links) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return el("span", {}, ...children);
  }
  if (!["http:", "https:", "mailto:", "tel:"].includes(url.protocol)) return el("span", {}, ...children);
  const payload = links?.start && startPayload(url, links.username);
  if (payload === null || payload === undefined) {
    return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
  }
  // A link into this bot opens the bot that runs here, not one of that name in the world outside.
  const follow = (event) => {
    event.preventDefault();
    links.start(payload);
  };
  return el("a", { href: url.href, onclick: follow }, ...children);
}

/** What a t.me link to `username` would start it with; null for other links. */
export function startPayload(url, username) {
  const isOurs = url.hostname === "t.me" && url.pathname.slice(1).toLowerCase() === username?.toLowerCase();
  return isOurs ? (url.searchParams.get("start") ?? "") : null;
}

function spoiler(children) {
  const reveal = (event) => event.currentTarget.setAttribute("aria-expanded", "true");
  const hidden = el("span", { class: "spoiled" }, ...children);
  return el("button", { type: "button", class: "spoiler", "aria-expanded": "false", onclick: reveal }, hidden);
}
