// Picking puts what is picked on the stage, and taking the pick back puts back what lay there before. Where something of the
// artist's own would be replaced the pick alone is made, and a quiet button in the message of it offers the rest.
import { complain } from "./runs.js";
import { during } from "../shared/busy.js";
import { told } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

const PICK = "article form:has(> .pick)";

export class Staging {
  #sent = null; // the form whose pick goes on its way now
  #told = new Map(); // revision → {number, article}: what the message of its pick says besides
  #before = null; // {revision, base, kept}: what a pick put there, and what lay there before

  /**
   * `stage` has the id of its `base`, tells whether it is `bare(article)` (nothing of the artist's own would be replaced by
   * it), does `lay(revision, number)`, where null is nothing, and has what lies there to `keep()` and `put(kept)` back.
   */
  constructor(bench, stage) {
    Object.assign(this, { stage, said: document.getElementById("done") });
    if ("trashed" in bench.dataset) return;
    bench.addEventListener("submit", (event) => this.#picked(event), true);
    this.said.addEventListener("click", ({ target }) => target.closest("[data-stage]") && this.#offered(target.closest("[data-stage]")));
    new MutationObserver(() => this.#tell()).observe(this.said, { childList: true });
  }

  /** The stage first, then the pick: its message tells of both. */
  async #picked(event) {
    const form = event.target;
    if (!form.matches(PICK)) return;
    if (this.#sent === form) {
      this.#sent = null;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = form.querySelector(".pick");
    const article = form.closest("article");
    const { revision } = article.dataset;
    this.#told.delete(revision);
    try {
      const done = await during(button, form.hasAttribute("hx-post") ? this.#put(article) : this.#takeBack(revision));
      if (done) this.#told.set(revision, done);
    } catch (problem) {
      complain(told(problem)); // the pick is made all the same
    }
    await new Promise((ended) => setTimeout(ended)); // a form that is being sent cannot be sent
    const now = document.getElementById(button.id); // its run may have been replaced meanwhile
    if (!now) return;
    this.#sent = now.form;
    now.form.requestSubmit(now);
  }

  async #put(article) {
    const { revision, number } = article.dataset;
    if (this.stage.base === revision) return null;
    if (!(await this.stage.bare(article))) return { number, article };
    return (await this.#lay(article)) ? { number } : null;
  }

  async #lay({ dataset: { revision, number } }) {
    const before = { revision, base: this.stage.base || null, kept: this.stage.keep() };
    if (!(await this.stage.lay(revision, number))) return false;
    this.#before = before;
    return true;
  }

  /** Only as long as it lies there as it was put there. */
  async #takeBack(revision) {
    const before = this.#before;
    if (before?.revision !== revision || this.stage.base !== revision || !(await this.stage.bare())) return null;
    this.#before = null;
    if (await this.stage.lay(before.base)) this.stage.put(before.kept);
    return null;
  }

  #tell() {
    const undo = this.said.querySelector("form");
    const revision = /\/revisions\/([^/]+)\/pick$/.exec(undo?.dataset.path)?.[1];
    const what = this.#told.get(revision);
    if (!what) return;
    this.#told.delete(revision);
    if (!what.article) return this.#say(what.number);
    const offer = { type: "button", className: "quiet", textContent: words.staging.offer };
    const button = Object.assign(document.createElement("button"), offer);
    button.dataset.stage = what.article.id;
    undo.before(button);
  }

  #say(number) {
    this.said.querySelector("p").textContent = fill(words.staging.done, { n: number });
  }

  async #offered(button) {
    const article = document.getElementById(button.dataset.stage);
    try {
      if (!article || !(await during(button, this.#lay(article)))) return;
    } catch (problem) {
      return complain(told(problem));
    }
    this.#say(article.dataset.number);
    button.remove();
    this.said.querySelector("form button").focus();
  }
}
