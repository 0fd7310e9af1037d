// Runs of variants on the stage: asked for, put in place, replaced when they end; nothing moves, focus is kept.
import { answers, element, enter } from "./card.js";
import { nonce } from "../shared/nonce.js";
import { words } from "../shared/words.js";
import { mark } from "../shared/app.js";

const runs = () => document.getElementById("runs");
const LATEST = 10_000; // ms during which a request that got no answer is sent again, under the same key

export const find = (id) => document.getElementById(`generation-${id}`);

/** A run that the stream told of, in its place; one that was asked for here waits for its card (card.js). */
export async function arrive(html) {
  await answers();
  return insert(html);
}

/** Put a run where its time is, a new one on top, unless it is there already. */
function insert(html) {
  const run = element(html);
  const present = document.getElementById(run.id);
  if (present) return present;
  const next = [...runs().children].find((other) => other.id < run.id); // ids grow with time (UUID 7)
  if (next?.matches(".older")) return run; // it comes with the older ones when they are asked for
  document.getElementById("empty")?.remove();
  runs().insertBefore(run, next ?? null);
  return placed(run);
}

/** A run came into the page: it comes alive. */
function placed(run) {
  htmx.process(run);
  document.dispatchEvent(new CustomEvent("stemma:run", { detail: run }));
  return run;
}

/** Replace a run by its final state, once its pictures are decoded: previews stay until then. One that has ended is only
 * replaced by what is `later` than its end. */
export async function replace(id, html, later = false) {
  if (!find(id)) await answers();
  const old = find(id);
  if (!old) return insert(html);
  if (!later && old.dataset.status !== "running" && old.dataset.status !== "queued") return old;
  old.dataset.status = "ending";
  const run = element(html);
  const images = [...run.querySelectorAll("img")];
  for (const image of images) image.loading = "eager";
  await Promise.race([Promise.allSettled(images.map((image) => image.decode())), new Promise((wake) => setTimeout(wake, 3000))]);
  const frames = old.querySelectorAll(".frame");
  run.querySelectorAll(".frame").forEach((frame, index) => {
    const box = frames[index]?.getAttribute("viewBox");
    if (box) frame.setAttribute("viewBox", box); // the room it was promised
  });
  keepRoom(old, run);
  const held = old.contains(document.activeElement);
  const focused = place(old, document.activeElement);
  old.replaceWith(run);
  placed(run);
  if (focused) run.querySelectorAll("article")[focused.index]?.querySelector(focused.selector)?.focus({ preventScroll: true });
  else if (held) enter(run);
  return run;
}

/** A run that ends takes the room that it had: a text or a score that came out longer scrolls in it, and nothing below moves. */
function keepRoom(old, run) {
  const rows = run.querySelector(".grid:is(.texts, .tunes):not(.lines)");
  const height = old.querySelector("article")?.offsetHeight;
  if (rows && height) rows.style.gridAutoRows = `${height}px`;
  if (run.querySelector(".ended")) run.style.minHeight = `${old.offsetHeight}px`;
}

/** A judge has looked at a run: put its marks where there is room for them, and touch nothing else. */
export function fit(id, html) {
  const run = find(id);
  if (!run) return;
  const judged = element(html);
  for (const shown of judged.querySelectorAll(".fit")) {
    document.getElementById(shown.closest("article").id)?.querySelector(".fit")?.replaceWith(shown);
  }
  const order = judged.querySelector(".order");
  if (!order || run.querySelector(".order > *")) return;
  run.querySelector(".order")?.replaceWith(order);
  htmx.process(order);
}

function place(run, active) {
  const article = run.contains(active) ? active.closest("article") : null;
  if (!article) return null;
  return { index: [...run.querySelectorAll("article")].indexOf(article), selector: active.matches(".look") ? ".look" : "button, a" };
}

/** Ask for what a card stands for. The run, or null when it was refused, which the card says, or the fields of the brief;
 * `again(button)` then asks once more. */
export async function ask(card, form, { key = nonce(), again = null } = {}) {
  const headers = { "Content-Type": "application/json", Accept: "text/html", "HX-Request": "true", "Idempotency-Key": key };
  const answer = await send(form.action, { method: "POST", headers, body: JSON.stringify(card.request) });
  const html = await answer?.text().catch(() => null);
  if (!html) card.refuse(words.run.offline, again);
  else if (!answer.ok) refused(html, card, form, again);
  if (!html || !answer.ok) return null;
  mark(form, []);
  complain("");
  const run = element(html);
  card.become(run);
  placed(run);
  document.dispatchEvent(new CustomEvent("stemma:asked", { detail: run }));
  return run;
}

/** What the studio said against it: at the fields of the brief, in a dialog that lets something be left out, or on the card. */
function refused(html, card, form, again) {
  const said = element(html);
  if (said.querySelector(".overlong")) {
    document.getElementById("problem").replaceChildren(said);
    return card.remove();
  }
  const fields = [...said.querySelectorAll("[data-field]")];
  const offers = said.querySelector(".offers");
  if (offers) return card.refuse(fields[0].dataset.message, again, { offers, instead: (engine) => instead(card, form, engine) });
  const marked = mark(
    form,
    fields.map((field) => ({ ...field.dataset })),
  );
  const messages = [said.querySelector("strong"), ...fields].map((part) => part?.textContent.trim());
  card.refuse(messages.filter(Boolean).join(" "), again, { marked });
  const first = form.querySelector("[aria-invalid]");
  first?.closest("details")?.setAttribute("open", "");
  first?.focus();
}

/** The same is asked of another engine, which gets those of the parameters that it has too. */
function instead({ request }, form, engine) {
  const own = form.querySelectorAll(`fieldset[data-engine="${CSS.escape(engine)}"] [name*="params."]`);
  const names = new Set([...own].map(({ name }) => name.split("params.")[1]));
  request.params = Object.fromEntries(Object.entries(request.params ?? {}).filter(([name]) => names.has(name)));
  request.engine = engine;
}

/** Fetch that outlives a short loss of the network or a restart of the studio; null when it does not. */
async function send(address, request) {
  const end = Date.now() + LATEST;
  for (let pause = 300; ; pause *= 2) {
    try {
      return await fetch(address, request);
    } catch {
      if (Date.now() + pause > end) return null;
      await new Promise((wake) => setTimeout(wake, pause));
    }
  }
}

/** Say what went wrong in the page's alert; nothing takes it away. */
export function complain(text) {
  const problem = document.getElementById("problem");
  problem.replaceChildren(...(text ? [Object.assign(document.createElement("p"), { textContent: text })] : []));
}
