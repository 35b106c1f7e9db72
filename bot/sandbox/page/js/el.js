/** Building DOM. Text always becomes a text node: nothing a message says can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `class` and `data` are what they say, `on…` functions are listeners, the rest are attributes:
 * true sets an empty one, false and null leave it out.
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A drawing of the sprite; decoration only, what it stands for is said in words beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/page/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Words for those who do not see the page. */
export function unseen(text) {
  return el("span", { class: "unseen" }, text);
}

/** Sets a node's text only where it differs, so that a screen reader is not told the same twice. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The element with this id; a missing one is a mistake of ours. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no element #${id}`);
  return node;
}
