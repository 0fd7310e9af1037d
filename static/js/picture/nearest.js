// What the engine knows nearest to a word that it does not know is taken into the brief at a click, and taken back at another.
import { typeIn } from "../bench/form.js";
import { fill } from "../shared/words.js";

const FIELDS = ["intent", "materials", "technique", "style"];

const LETTER = /[\p{L}\p{N}]/u;

/** Where `word` stands by itself in `text`, else -1. */
function place(text, word) {
  const [all, one] = [text.toLowerCase(), word.toLowerCase()];
  for (let at = all.indexOf(one); at >= 0; at = all.indexOf(one, at + 1))
    if (!LETTER.test(all[at - 1] ?? " ") && !LETTER.test(all[at + one.length] ?? " ")) return at;
  return -1;
}

/** Put `now` in the place of `word` in a field of the brief; the word as it was written there, or null where it stands in none. */
function replace(form, word, now) {
  for (const name of FIELDS) {
    const field = form.elements[`brief.${name}`];
    const at = place(field.value, word);
    if (at < 0) continue;
    const was = field.value.slice(at, at + word.length);
    field.setRangeText(now, at, at + word.length, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return was;
  }
  return null;
}

/** A line more among the keywords, for a word that stands in the brief in another language. */
function add(form, label) {
  const { value } = form.elements["brief.materials"];
  typeIn(form, "materials", [value.trimEnd(), label].filter(Boolean).join("\n"));
}

function remove(form, label) {
  const lines = form.elements["brief.materials"].value.split("\n");
  typeIn(form, "materials", lines.filter((line) => line.trim() !== label).join("\n"));
}

const listed = (form) => form.elements["brief.materials"].value.split("\n").map((line) => line.trim());

/** Enliven what was found in the library: a press puts a thing among the keywords, another takes it out again. */
export function putting(form, found) {
  const mark = () => {
    const there = listed(form);
    for (const button of found.querySelectorAll("[data-put]")) button.ariaPressed = String(there.includes(button.dataset.put));
  };
  found.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-put]");
    if (!button) return;
    (button.ariaPressed === "true" ? remove : add)(form, button.dataset.put);
    mark();
  });
  document.addEventListener("htmx:after:swap", mark);
}

/** Enliven the offers beside the brief in `form` and on cards of what was refused; what was taken stands in `taken` until it
 * is taken back. */
export function nearest(form, taken) {
  document.addEventListener("click", ({ target }) => {
    const offer = target.closest("[data-take]");
    if (!offer) return;
    const { take: label, word } = offer.dataset;
    const was = replace(form, word, label);
    if (was === null) add(form, label);
    const back = Object.assign(document.createElement("button"), {
      type: "button",
      className: "chip",
      textContent: `${was ?? word} → ${label}`,
    });
    back.title = fill(taken.dataset.undo, { word: was ?? word, label });
    back.setAttribute("aria-label", back.title);
    back.addEventListener("click", () => {
      if (was === null) remove(form, label);
      else replace(form, label, was);
      back.remove();
      form.elements["brief.intent"].focus();
    });
    taken.append(back);
    back.focus();
  });
}
