// What a screen reader and weak eyes need, checked on the page as it stands; returns what is wrong, in words.
// Not all of axe-core, which npm has and this repository does not carry: names, labels, landmarks, headings, contrast.
() => {
  const problems = [];
  const isShown = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && node.getClientRects().length > 0;
  const briefly = (node) => node.outerHTML.replace(/\s+/g, " ").slice(0, 140);

  // Names: what a control is called.
  const textOf = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute("aria-hidden") === "true") return "";
    if (node.tagName === "IMG") return node.alt;
    return node.getAttribute("aria-label") ?? [...node.childNodes].map(textOf).join("");
  };
  const nameOf = (node) => {
    const by = node.getAttribute("aria-labelledby");
    if (by) return by.split(" ").map((id) => textOf(document.getElementById(id) ?? new Text(""))).join(" ");
    return node.getAttribute("aria-label") ?? ([...(node.labels ?? [])].map(textOf).join(" ") || textOf(node));
  };
  const named = "button, a, input, textarea, select, nav, aside, section, dialog[open], [role=log], [role=listbox], [role=table], [role=radiogroup], [role=group]";
  for (const node of document.querySelectorAll(named)) {
    if (isShown(node) && !nameOf(node).trim()) problems.push(`no name: ${briefly(node)}`);
  }
  for (const image of document.images) if (isShown(image) && !image.hasAttribute("alt")) problems.push(`no alt: ${briefly(image)}`);

  // Order: one main, one h1, no heading level left out, no id twice, references that lead somewhere.
  for (const one of ["main", "h1"]) {
    const count = document.querySelectorAll(one).length;
    if (count !== 1) problems.push(`${count} × ${one}`);
  }
  let level = 1;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) problems.push(`h${own} after h${level}`);
    level = own;
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "aria-activedescendant"]) {
    for (const node of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of node.getAttribute(attribute).split(" ")) {
        if (!document.getElementById(id)) problems.push(`${attribute} leads nowhere: ${briefly(node)}`);
      }
    }
  }
  if (!document.documentElement.lang) problems.push("no language");

  // Contrast, WCAG 2.2 AA: 4.5, large text 3. A pixel is drawn because colours come in many notations.
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const pixel = (layers) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of layers) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const layersBehind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      layers.unshift(colour);
      if (pixel([colour])[3] === 255) break;
    }
    return layers;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !isShown(node) || node.closest("[aria-hidden=true], [aria-disabled=true], .unseen, script, noscript, dialog:not([open])")) continue;
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize);
    if (size === 0 || style.clipPath !== "none") continue;
    const behind = layersBehind(node);
    const [one, other] = [light(pixel(behind)), light(pixel([...behind, style.color]))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < least) problems.push(`contrast ${ratio.toFixed(2)}: ${text.data.trim().slice(0, 40)} in ${briefly(node)}`);
  }
  return problems;
}
