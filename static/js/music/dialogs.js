// What a verb must know first: by how much to transpose, which other tune to blend with.
import { complain } from "../runs.js";
import { get, told } from "../writing/post.js";
import { field, keyOf, moved, named } from "./tonality.js";

const SEEN = 60; // revisions that are offered

function asked(dialog, value) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue ? value() : null), { once: true });
  });
}

/** How many semitones up (or down, below zero), the resulting key named meanwhile; null when the artist thought better of it. */
export function semitones(text) {
  const dialog = document.getElementById("transpose");
  const [range, number] = dialog.querySelectorAll("input");
  const [from, result, act] = [keyOf(text), dialog.querySelector("output"), dialog.querySelector(".act")];
  const { modes, to, same } = dialog.dataset;
  const names = JSON.parse(modes);
  const tell = ({ target } = {}) => {
    if (target) (target === range ? number : range).value = target.value;
    const by = Number(number.value);
    act.disabled = !by || !number.checkValidity();
    result.textContent = !from ? "" : by ? to.replace("{from}", named(from, names)).replace("{to}", named(moved(from, by), names)) : same.replace("{from}", named(from, names));
  };
  dialog.oninput = tell;
  tell();
  const answer = asked(dialog, () => Number(number.value) || null);
  number.select();
  return answer;
}

/** The id of another tune of this work, picked ones first; null for none. */
export async function other(work, but) {
  const dialog = document.getElementById("blend");
  const place = dialog.querySelector(".others");
  let items;
  try {
    ({ items } = await get(`/works/${work}/revisions?limit=${SEEN}`));
  } catch (problem) {
    complain(told(problem));
    return null;
  }
  const others = items.filter(({ id, text }) => id !== but && text).sort((one, another) => Number(another.picked) - Number(one.picked));
  place.querySelectorAll(":not(legend)").forEach((old) => old.remove());
  place.append(...(others.length ? others.map((one, at) => choice(dialog, one, at === 0)) : [Object.assign(document.createElement("p"), { className: "hint", textContent: dialog.dataset.none })]));
  dialog.querySelector(".act").hidden = !others.length;
  return asked(dialog, () => place.querySelector(":checked")?.value ?? null);
}

function choice(dialog, { id, number, text, picked }, first) {
  const label = Object.assign(document.createElement("label"), { className: "other" });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "other", value: id, checked: first });
  const { named: name, picked: seal, modes } = dialog.dataset;
  const key = keyOf(text);
  const said = [field(text, "T"), field(text, "R"), key && named(key, JSON.parse(modes))].filter(Boolean).join(" · ");
  const head = Object.assign(document.createElement("b"), { textContent: name.replace("{n}", number) + (picked ? ` · ${seal}` : "") });
  const image = Object.assign(document.createElement("img"), { src: `/revisions/${id}/content?w=256`, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove());
  label.append(radio, head, Object.assign(document.createElement("span"), { textContent: said }), image);
  return label;
}
