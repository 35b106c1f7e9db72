/** The sandbox's control routes. A refusal is a `Refused` with the server's own words. */

export class Refused extends Error {}

/** A GET under /sandbox; the JSON it answers. */
export async function get(path) {
  return read(await fetch(`/sandbox/${path}`, { cache: "no-store" }));
}

/** A POST under /sandbox; the JSON it answers. */
export async function post(path, body, { signal } = {}) {
  return read(
    await fetch(`/sandbox/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    }),
  );
}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error || `the demo answered ${response.status}`);
  return body;
}
