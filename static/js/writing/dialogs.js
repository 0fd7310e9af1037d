// What a verb must know first: the instruction of a rewriting, the other text of a joining.
import { another as offered, answered } from "../bench/choosing.js";

const SHOWN = 400; // characters of a passage
const BEGINNING = 90; // characters of another text

/** What to do with `passage`; null when the artist thought better of it. */
export function instruction(passage) {
  const dialog = document.getElementById("rewrite");
  const points = [...passage];
  dialog.querySelector(".passage").textContent = points.length > SHOWN ? `${points.slice(0, SHOWN).join("")}…` : passage;
  const answer = answered(dialog, () => dialog.querySelector("textarea").value.trim());
  dialog.querySelector("textarea").focus();
  return answer;
}

/** The id of another revision of this work, chosen by its first words, picked ones first; null for none. */
export const another = (work, but) =>
  offered(document.getElementById("join"), work, but, ({ text }) => [
    Object.assign(document.createElement("span"), { textContent: [...text.trim()].slice(0, BEGINNING).join("") }),
  ]);
