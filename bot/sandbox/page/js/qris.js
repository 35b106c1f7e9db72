/**
 * What a bank app reads off a QRIS code: EMV merchant-presented mode, `TTLLvalue` fields, closed by tag 63 with a
 * CRC-16/CCITT-FALSE over all before it.
 */

const RUPIAH = "360"; // ISO 4217 number, tag 53

/** CRC-16/CCITT-FALSE of a text in UTF-8, four upper-case hex digits. */
export function crc(text) {
  let sum = 0xffff;
  for (const byte of new TextEncoder().encode(text)) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) sum = ((sum << 1) ^ (sum & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return sum.toString(16).toUpperCase().padStart(4, "0");
}

/** The fields by tag; null for what is not built so. */
export function fieldsOf(payload) {
  const fields = new Map();
  let at = 0;
  while (at < payload.length) {
    const head = payload.slice(at, at + 4);
    if (!/^\d{4}$/u.test(head)) return null;
    const end = at + 4 + Number(head.slice(2));
    if (end > payload.length || fields.has(head.slice(0, 2))) return null;
    fields.set(head.slice(0, 2), payload.slice(at + 4, end));
    at = end;
  }
  return fields.get("00") === "01" ? fields : null;
}

/**
 * `{payee, city, amount, problem}`: the amount in rupiah or null, `problem` in words where an app would refuse it.
 */
export function readQris(payload) {
  const fields = fieldsOf(payload);
  if (!fields) return { payee: null, city: null, amount: null, problem: "This is not a QRIS code." };
  const amount = /^(\d{1,12})(\.0{0,2})?$/u.exec(fields.get("54") ?? "");
  return {
    payee: fields.get("59")?.trim() || null,
    city: fields.get("60")?.trim() || null,
    amount: amount ? Number(amount[1]) : null,
    problem: problemOf(payload, fields, amount),
  };
}

function problemOf(payload, fields, amount) {
  const sum = fields.get("63")?.toUpperCase();
  if (payload.slice(-8, -4) !== "6304" || sum !== crc(payload.slice(0, -4))) {
    return "Its checksum is wrong: a bank app would refuse it.";
  }
  if (fields.get("53") !== RUPIAH) return "It is not in rupiah: a bank app would refuse it.";
  return amount ? null : "It names no amount.";
}
