// A comment on a text is about the words that are selected.
import { placeOf } from "./pins.js";

let form = null;

/** Let the selection in the text say what `say`, the form of a new comment, is about. */
export function follow(say) {
  form = say?.querySelector("[data-about=text]") ? say : null;
  const hint = form?.querySelector("[data-hint=text]");
  if (hint) hint.hidden = false;
}

function about(range, words) {
  for (const old of form.querySelectorAll("[name='place.range']")) old.remove();
  const said = form.querySelector("[data-about=text]");
  said.hidden = !range;
  form.querySelector("[data-hint=text]").hidden = Boolean(range);
  said.querySelector("q").textContent = words.length > 80 ? `${words.slice(0, 80)}…` : words;
  for (const place of range ?? [])
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "place.range", value: place }));
}

document.addEventListener("selectionchange", () => {
  const chosen = getSelection();
  const body = document.querySelector(".sheet-of .body");
  if (!form || !body || chosen.isCollapsed || !chosen.rangeCount) return; // what was selected last stays
  const { startContainer, startOffset, endContainer, endOffset } = chosen.getRangeAt(0);
  const [start, end] = [placeOf(body, startContainer, startOffset), placeOf(body, endContainer, endOffset)];
  if (start !== null && end !== null && start < end) about([start, end], chosen.toString());
});

document.addEventListener("click", ({ target }) => {
  if (form && target.closest?.("[data-about=text] [data-anywhere]")) about(null, "");
});
