// What lies on the sheet, and the revision it goes on from. The text becomes a revision by hand before an engine reads it.
import { fill, words } from "../shared/words.js";
import { during } from "../shared/busy.js";
import { complain } from "./runs.js";
import { get, post, rooted, told } from "../shared/http.js";

export class Desk {
  #placed = false; // whether the artist put the caret somewhere

  /** `changed` hears when the sheet goes on from another revision. */
  constructor({ work, form, editor, draft, changed }) {
    Object.assign(this, { work, form, editor, draft, changed });
    editor.on("selection", () => (this.#placed = true));
  }

  /** The id of the revision that the sheet goes on from; empty for none. */
  get base() {
    return this.form.dataset.base;
  }

  /** Where to continue: at the caret, or at the end while nobody put it anywhere. */
  get cursor() {
    return this.#placed ? this.editor.cursor : this.editor.length;
  }

  /** The revision that holds the text as it stands, by hand where it was changed; null (and said) when it cannot be had.
   * `button` asks for it. */
  revision(button) {
    return during(button, this.#revision());
  }

  /** Put a revision's text on the sheet and go on from it; what lay there is kept. True when it was done. */
  goOn(revision, button) {
    return during(button, this.#goOn(revision));
  }

  /** Whether the sheet holds nothing but the text of the revision that it goes on from. */
  async bare() {
    const text = this.base ? (await get(rooted(`/revisions/${this.base}`))).text : "";
    return this.editor.text === (text ?? "");
  }

  /** Put a revision's text on the sheet (null: nothing); the brief stays as it is. True when it was done. */
  async lay(id, number) {
    const change = () => post(`${this.form.dataset.draft}/base`, { revision: id, brief: false });
    if (!(await this.draft.lay(change))) return false;
    this.#placed = false;
    this.#based(id, number);
    return true;
  }

  /** What lies on the sheet, to be put back. */
  keep() {
    const { text, origins } = this.editor;
    return { text, origins, named: [...document.getElementById("base-named").childNodes] };
  }

  put({ text, origins, named }) {
    if (this.editor.text !== text) this.editor.set(text, origins);
    document.getElementById("base-named").replaceChildren(...named);
  }

  async #revision() {
    if (!(await this.draft.settle())) return null;
    try {
      const { id, number } = await post(rooted(`/works/${this.work}/revisions`), {});
      if (id !== this.base) {
        this.draft.version = (await get(this.form.dataset.draft)).version; // its base was set with it
        this.#based(id, number);
      }
      return id;
    } catch (problem) {
      complain(told(problem));
      return null;
    }
  }

  async #goOn({ id, number }) {
    if (!(await this.draft.settle())) return false;
    try {
      this.draft.adopt(await post(`${this.form.dataset.draft}/base`, { revision: id }));
    } catch (problem) {
      complain(told(problem));
      return false;
    }
    complain("");
    this.#placed = false;
    this.#based(id, number);
    return true;
  }

  #based(id, number) {
    this.form.dataset.base = id ?? "";
    const place = document.getElementById("base-named");
    if (!number) return this.changed(); // it is named by whoever knows
    const link = Object.assign(document.createElement("a"), {
      href: rooted(`/revisions/${id}`),
      textContent: fill(words.revision, { n: number }),
    });
    place.replaceChildren(link);
    this.changed();
  }
}
