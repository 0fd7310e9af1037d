// What a verb must know first, asked in a dialog of the page; one question is which other revision.
import { complain } from "./runs.js";
import { get, rooted, told } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

const SEEN = 60; // revisions that are offered

/** Open `dialog`; what `value` finds in it when it closes with an answer, else null. */
export function answered(dialog, value) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue ? value() : null), { once: true });
  });
}

/** The id of another revision of this work, picked ones first; null for none. `described` says in elements what each is. */
export async function another(dialog, work, but, described) {
  const place = dialog.querySelector(".others");
  let items;
  try {
    ({ items } = await get(rooted(`/works/${work}/revisions?limit=${SEEN}`)));
  } catch (problem) {
    complain(told(problem));
    return null;
  }
  const others = items.filter(({ id, text }) => id !== but && text).sort((one, other) => Number(other.picked) - Number(one.picked));
  for (const old of place.querySelectorAll(":not(legend)")) old.remove();
  place.append(
    ...(others.length
      ? others.map((one, at) => choice(one, at === 0, described(one)))
      : [Object.assign(document.createElement("p"), { className: "hint", textContent: words.others })]),
  );
  dialog.querySelector(".act").hidden = !others.length;
  return answered(dialog, () => place.querySelector(":checked")?.value ?? null);
}

function choice({ id, number, picked }, first, description) {
  const label = Object.assign(document.createElement("label"), { className: "other" });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "other", value: id, checked: first });
  const name = Object.assign(document.createElement("b"), {
    textContent: fill(words.revision, { n: number }) + (picked ? ` · ${words.picked}` : ""),
  });
  label.append(radio, name, ...description);
  return label;
}
