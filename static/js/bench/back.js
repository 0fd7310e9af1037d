// Z: back to the previous base, again and again. Every change of base kept the draft it replaced, so going back is
// bringing back the newest save with another base, older than the one brought back last.
import { complain } from "./runs.js";
import { words } from "../shared/words.js";

export async function back(form, draft) {
  await draft.settle();
  const address = form.dataset.draft;
  const { items } = await (await fetch(`${address}/saves`, { headers: { Accept: "application/json" } })).json();
  const memory = `stemma:back:${address}`;
  const last = JSON.parse(sessionStorage.getItem(memory) ?? "null");
  const base = form.dataset.base || null;
  const before = last && last.base === base ? items.filter((save) => save.id < last.save) : items;
  const found = before.find((save) => save.base !== base);
  if (!found) return complain(words.keys.first);
  sessionStorage.setItem(memory, JSON.stringify({ base: found.base, save: found.id }));
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer = await fetch(`${address}/restoration`, { method: "POST", headers, body: JSON.stringify({ save: found.id }) });
  if (answer.ok) location.reload();
}
