// What lies on the stage of a picture's bench: the revision that the draft goes on from, drawn by the server.
import { post, rooted } from "../shared/http.js";

export class Stage {
  constructor({ bench, form, draft, painted, selection }) {
    Object.assign(this, { bench, form, draft, painted, selection });
  }

  get base() {
    return this.form.dataset.base;
  }

  /** A mask that is painted over it is the artist's own. */
  bare() {
    return !this.painted.id;
  }

  async lay(revision) {
    const laid = await this.draft.lay(() => post(`${this.form.dataset.draft}/base`, { revision, brief: false }));
    if (laid) this.form.dataset.base = revision ?? "";
    return laid;
  }

  /** What is painted over it, to be put back. */
  keep() {
    const { id, of } = this.painted;
    return { id, of };
  }

  put({ id, of }) {
    if (id === this.painted.id) return;
    this.painted.put(id, of);
    this.draft.touch();
  }

  /** Show it as it is now. What is looked at stays where it is in the window. */
  async show() {
    const answer = await fetch(rooted(`/works/${this.bench.dataset.work}`), { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return; // the next page shows it
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [there, now] = [document.getElementById("base"), page.getElementById("base")];
    const fixed = this.selection.chosen?.closest("article") ?? document.getElementById("variants");
    const { top } = fixed.getBoundingClientRect();
    if (there && now) there.replaceWith(now);
    else if (now) document.getElementById("variants").before(now);
    else there?.remove();
    for (const name of ["title", "aria-disabled"]) this.#refine(page, name);
    scrollBy({ top: fixed.getBoundingClientRect().top - top, behavior: "instant" });
    if (now && this.selection.chosen === there) this.selection.select(now);
  }

  #refine(page, name) {
    const [here, there] = [this.form, page].map((place) => place.querySelector("[data-verb=refine][data-of=stage]"));
    if (there?.hasAttribute(name)) here.setAttribute(name, there.getAttribute(name));
    else here?.removeAttribute(name);
  }
}
