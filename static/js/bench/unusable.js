// A key of the legend that can do nothing at present says why not (shared/keys.js tells of it).
import { complain } from "./runs.js";
import { words } from "../shared/words.js";

/** `selection` is what most keys are for. */
export function explaining(selection) {
  document.addEventListener("stemma:unusable", ({ detail: { chord, why } }) => {
    const { unnumbered, unselected, unfit } = words.keys;
    if (why) complain(why);
    else if (/^\d$/.test(chord)) complain(unnumbered);
    else complain(selection.chosen ? unfit : unselected);
  });
}
