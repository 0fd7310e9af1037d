// Which pictures a new one is put together from: each part shows its picture, and takes another from the shelf below.
// Loaded when it is first opened.
import { complain } from "../bench/runs.js";
import { rooted, told } from "../shared/http.js";
import { fill, words } from "../shared/words.js";
import { lay, pictures } from "./shelf.js";

export class Grafting {
  #found = [];
  #taken = {}; // the picture of each part

  generate = null; // generate(parents) asks for what should come

  constructor(dialog, { work }) {
    Object.assign(this, { dialog, work, shelf: dialog.querySelector(".shelf"), said: dialog.querySelector(".said") });
    this.parts = [...dialog.querySelectorAll("[name=part]")];
    dialog.addEventListener("change", ({ target }) => this.#change(target));
    dialog
      .querySelector("form:has(footer)")
      .addEventListener("submit", () => this.generate(this.parts.map(({ value }) => ({ revision: this.#taken[value].id, role: value }))));
  }

  /** Begin with the revision `chosen` for every part, but for the composition where another one is `before` it on the stage. */
  async open(chosen, before) {
    try {
      this.#found = await pictures(this.work, this.dialog.dataset.project);
    } catch (problem) {
      return complain(told(problem));
    }
    lay(this.shelf, this.#found);
    const known = (id) => this.#found.find((one) => one.id === id);
    const first = known(chosen) ?? this.#found[0];
    for (const { value } of this.parts) this.#taken[value] = first;
    this.#taken.composition = known(before) ?? first;
    this.parts[0].checked = true;
    this.#show();
    this.dialog.showModal();
    this.parts[0].focus();
  }

  get #part() {
    return this.parts.find(({ checked }) => checked);
  }

  /** What each part has, and on the shelf that of the part which is looked at. */
  #show() {
    for (const { value, parentElement: label } of this.parts) {
      const { id, name } = this.#taken[value];
      label.querySelector("img").src = rooted(`/revisions/${id}/content?w=256`);
      label.querySelector(".from").textContent = name;
    }
    for (const radio of this.shelf.querySelectorAll("input")) radio.checked = radio.value === this.#taken[this.#part.value].id;
    const { words: asked } = this.#taken.prompt;
    this.said.textContent = asked === null ? "" : asked ? fill(words.graft.asks, { words: asked }) : words.graft.wordless;
    this.dialog.querySelector(".act").disabled = asked === "";
  }

  #change({ name, value }) {
    if (name === "picture") this.#taken[this.#part.value] = this.#found.find(({ id }) => id === value);
    this.#show();
  }
}
