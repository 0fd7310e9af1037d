// What a verb must know first, asked in a dialog of the page; one question is which other revision.
import { complain } from "./runs.js";
import { get, told } from "../shared/http.js";

const SEEN = 60; // revisions that are offered

/** Open `dialog`; what `value` finds in it when it closes with an answer, else null. */
export function answered(dialog, value) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue ? value() : null), { once: true });
  });
}

/** The id of another revision of this work, picked ones first; null for none. `words` says in elements what each is. */
export async function another(dialog, work, but, words) {
  const place = dialog.querySelector(".others");
  let items;
  try {
    ({ items } = await get(`/works/${work}/revisions?limit=${SEEN}`));
  } catch (problem) {
    complain(told(problem));
    return null;
  }
  const others = items.filter(({ id, text }) => id !== but && text).sort((one, other) => Number(other.picked) - Number(one.picked));
  for (const old of place.querySelectorAll(":not(legend)")) old.remove();
  place.append(
    ...(others.length
      ? others.map((one, at) => choice(dialog, one, at === 0, words(one)))
      : [Object.assign(document.createElement("p"), { className: "hint", textContent: dialog.dataset.none })]),
  );
  dialog.querySelector(".act").hidden = !others.length;
  return answered(dialog, () => place.querySelector(":checked")?.value ?? null);
}

function choice(dialog, { id, number, picked }, first, words) {
  const label = Object.assign(document.createElement("label"), { className: "other" });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "other", value: id, checked: first });
  const { named, picked: seal } = dialog.dataset;
  const name = Object.assign(document.createElement("b"), { textContent: named.replace("{n}", number) + (picked ? ` · ${seal}` : "") });
  label.append(radio, name, ...words);
  return label;
}
