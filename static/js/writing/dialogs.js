// What a verb must know first: the instruction of a rewriting, the other text of a joining.
import { complain } from "../runs.js";
import { get, told } from "./post.js";

const SHOWN = 400; // characters of a passage

function asked(dialog, value) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue ? value() : null), { once: true });
  });
}

/** What to do with `passage`; null when the artist thought better of it. */
export function instruction(passage) {
  const dialog = document.getElementById("rewrite");
  const points = [...passage];
  dialog.querySelector(".passage").textContent = points.length > SHOWN ? `${points.slice(0, SHOWN).join("")}…` : passage;
  const answer = asked(dialog, () => dialog.querySelector("textarea").value.trim());
  dialog.querySelector("textarea").focus();
  return answer;
}

/** The id of another revision of this work, chosen by its first words, picked ones first; null for none. */
export async function another(work, but) {
  const dialog = document.getElementById("join");
  const place = dialog.querySelector(".others");
  let items;
  try {
    ({ items } = await get(`/works/${work}/revisions?limit=60`));
  } catch (problem) {
    complain(told(problem));
    return null;
  }
  const others = items.filter(({ id, text }) => id !== but && text).sort((one, other) => Number(other.picked) - Number(one.picked));
  place.querySelectorAll(":not(legend)").forEach((old) => old.remove());
  place.append(...(others.length ? others.map((one, at) => choice(dialog, one, at === 0)) : [Object.assign(document.createElement("p"), { className: "hint", textContent: dialog.dataset.none })]));
  dialog.querySelector(".act").hidden = !others.length;
  return asked(dialog, () => place.querySelector(":checked")?.value ?? null);
}

function choice(dialog, { id, number, text, picked }, first) {
  const label = Object.assign(document.createElement("label"), { className: "other" });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "other", value: id, checked: first });
  const { named, picked: seal } = dialog.dataset;
  const name = Object.assign(document.createElement("b"), { textContent: named.replace("{n}", number) + (picked ? ` · ${seal}` : "") });
  const words = Object.assign(document.createElement("span"), { textContent: [...text.trim()].slice(0, 90).join("") });
  label.append(radio, name, words);
  return label;
}
