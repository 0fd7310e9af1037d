// What a verb must know first: by how much to transpose, which other tune to blend with.
import { another, answered } from "../bench/choosing.js";
import { field, keyOf, moved, named } from "./tonality.js";
import { rooted } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

/** How many semitones up (or down, below zero), the resulting key named meanwhile; null when the artist thought better of it. */
export function semitones(text) {
  const dialog = document.getElementById("transpose");
  const [range, number] = dialog.querySelectorAll("input");
  const [from, result, act] = [keyOf(text), dialog.querySelector("output"), dialog.querySelector(".act")];
  const tell = ({ target } = {}) => {
    if (target) (target === range ? number : range).value = target.value;
    const by = Number(number.value);
    act.disabled = !by || !number.checkValidity();
    result.textContent = from ? became(named(from, words.modes), named(moved(from, by), words.modes)) : "";
  };
  dialog.oninput = tell;
  tell();
  const answer = answered(dialog, () => Number(number.value) || null);
  number.select();
  return answer;
}

/** What a key becomes, in words: an octave up or down it stays. */
const became = (from, to) => fill(from === to ? words.transpose.same : words.transpose.to, { from, to });

/** The id of another tune of this work, picked ones first; null for none. */
export function other(work, but) {
  const dialog = document.getElementById("blend");
  return another(dialog, work, but, ({ id, text }) => {
    const key = keyOf(text);
    const said = [field(text, "T"), field(text, "R"), key && named(key, words.modes)].filter(Boolean).join(" · ");
    const image = Object.assign(document.createElement("img"), { src: rooted(`/revisions/${id}/content?w=256`), alt: "", loading: "lazy" });
    image.addEventListener("error", () => image.remove());
    return [Object.assign(document.createElement("span"), { textContent: said }), image];
  });
}
