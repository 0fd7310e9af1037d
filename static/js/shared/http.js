// JSON to the studio and back.
import { words } from "./words.js";

/** An address of the studio, below the path where a proxy shows it (STEMMA_ROOT). What a page's attributes say is whole already. */
export const rooted = (path) => document.documentElement.dataset.root + path;

const HEADERS = { Accept: "application/json", "Content-Type": "application/json" };

async function answered(sent) {
  let answer;
  try {
    answer = await sent;
  } catch {
    throw { detail: words.lost };
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw body;
  return body;
}

/** The JSON that answers. Throws the problem (RFC 9457) when it is one. */
export const post = (address, body) => answered(fetch(address, { method: "POST", headers: HEADERS, body: JSON.stringify(body) }));

/** The JSON at an address. Throws the problem (RFC 9457) when it is one. */
export const get = (address) => answered(fetch(address, { headers: { Accept: "application/json" } }));

/** A problem in words: what is wrong with each field, or what is wrong at all. */
export function told({ fields, detail, title, message } = {}) {
  const said = (fields ?? []).map((field) => field.message).filter(Boolean);
  return said.length ? said.join(" ") : (detail ?? title ?? message ?? words.lost);
}
