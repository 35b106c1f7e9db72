/** Times, days and amounts as the page writes them; what the bot writes is the bot's own business. */

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const DAY_OF_ANOTHER_YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const RUPIAH = new Intl.NumberFormat("id-ID", { maximumFractionDigits: 0 });

/** 10:42, from seconds since the epoch. */
export function timeOf(seconds) {
  return TIME.format(seconds * 1000);
}

/** One word for each day; equal for times of the same day. */
export function dayKey(seconds) {
  return new Date(seconds * 1000).toDateString();
}

/** Today, Yesterday, or the date. */
export function dayOf(seconds, now = Date.now()) {
  const key = dayKey(seconds);
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (key === new Date(now).toDateString()) return "Today";
  if (key === yesterday.toDateString()) return "Yesterday";
  const date = new Date(seconds * 1000);
  return (date.getFullYear() === new Date(now).getFullYear() ? DAY : DAY_OF_ANOTHER_YEAR).format(date);
}

/** Rp65.000, as bank apps write it. */
export function rupiah(amount) {
  return `Rp${RUPIAH.format(amount)}`;
}

/** A text in one line, cut at a word where it is long. */
export function inOneLine(text, limit = 120) {
  const line = text.replace(/\s+/gu, " ").trim();
  if (line.length <= limit) return line;
  return `${line.slice(0, limit).replace(/\s+\S*$/u, "")}…`;
}
