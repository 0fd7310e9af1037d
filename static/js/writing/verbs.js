// What can be asked of an engine: with the text on the sheet (toolbar "Write") and with a variant (toolbar of its own).
import { read } from "../bench/form.js";
import { complain } from "../bench/runs.js";
import { counted, parentsOf, takes } from "../bench/verb.js";
import { another, instruction } from "./dialogs.js";
import { rooted } from "../shared/http.js";
import { words } from "../shared/words.js";

export class Verbs {
  /** `generate(request, button)` asks for a run. */
  constructor({ bench, form, editor, desk, selection, generate }) {
    Object.assign(this, { bench, form, editor, desk, selection, generate });
    this.toolbar = document.getElementById("write");
    for (const event of ["change", "selection"]) editor.on(event, () => this.#soon());
    form.addEventListener("change", () => this.offer());
    this.toolbar.addEventListener("keydown", (event) => this.#along(event));
    this.offer();
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.offer();
    });
  }

  /** Enable what can be done with the text; the rest says why not. */
  offer() {
    const refine = this.form.querySelector("[data-verb=refine][data-of=stage]");
    for (const button of [...this.toolbar.querySelectorAll("[data-write]"), refine]) {
      const obstacle = this.#obstacle(button);
      button.title = obstacle;
      if (obstacle) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
  }

  /** The text has all the lines of its form, or not (formcheck.js). */
  complete(whole) {
    this.whole = whole;
    this.offer();
  }

  #obstacle(button) {
    const verb = button.dataset.write ?? button.dataset.verb;
    const { trashed, empty, unselected, none, lacks, whole } = words.write;
    if (trashed) return trashed;
    if (!this.editor.length) return empty;
    const [start, end] = this.editor.selection;
    if (takes(button, "selection") && start === end) return unselected;
    if (verb === "line" && this.whole) return whole;
    if (verb === "reading") return "";
    const engines = [...(this.form.elements.engine?.options ?? [])];
    const can = (option) => option.dataset.verbs.split(" ").includes(verb);
    const names = engines.filter((option) => option.value && can(option)).map((option) => option.textContent.trim());
    if (!names.length) return none;
    return can(this.form.elements.engine.selectedOptions[0]) ? "" : lacks.replace("{names}", names.join(", "));
  }

  /** A verb on the text as it stands: its place goes along, in code points. */
  async write(verb, button) {
    const [selection, at] = [this.editor.selection, this.desk.cursor];
    const { count, ...state } = read(this.form);
    const more = { count: counted(button, count), ...(takes(button, "at") ? { at } : {}) };
    if (takes(button, "selection")) {
      more.selection = selection;
      const said = await instruction([...this.editor.text].slice(...selection).join(""));
      if (said === null) return;
      more.instruction = said;
    }
    const revision = await this.desk.revision(button);
    const parents = revision && (await this.#parents(button, verb, revision));
    if (parents) await this.generate({ verb, ...state, ...more, parents }, button);
  }

  /** What the verb starts from: the revision, and of a joining the other text that the artist chooses; null for none. */
  #parents(button, verb, revision) {
    return parentsOf(button, verb, revision, () => another(this.bench.dataset.work, revision));
  }

  /** A verb on the selected variant, or on the sheet. */
  async perform(button) {
    const { verb, strength } = button.dataset;
    const revision = button.dataset.of === "stage" ? await this.desk.revision(button) : this.selection.revision?.id;
    if (!revision) return;
    const { count, ...state } = read(this.form);
    const parents = await this.#parents(button, verb, revision);
    if (!parents) return;
    const request = { verb, count: counted(button, count), parents, ...(strength ? { strength } : {}) };
    await this.generate("bench" in button.dataset ? { ...request, ...state } : request, button);
  }

  /** Branch a revision at a token: the chosen alternative stands there, and whatever follows is written anew. */
  branch(revision, { start }, choice, button) {
    const { count } = read(this.form);
    return this.generate({ verb: "branch", count, parents: [{ revision, role: "branch" }], at: start, choice }, button);
  }

  /** The selected variant beside what it came from, or beside the sheet's revision. */
  compare() {
    const { revision, parent } = this.selection.chosen.dataset;
    const left = this.desk.base && this.desk.base !== revision ? this.desk.base : parent;
    if (left) location.assign(rooted(`/revisions/${left}/diff/${revision}`));
    else complain(words.verbs.alone);
  }

  /** A toolbar is one stop of the tab key; arrows go along it. */
  #along(event) {
    const all = [...this.toolbar.querySelectorAll("button")].filter((button) => button.checkVisibility());
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !all.includes(event.target)) return;
    event.preventDefault();
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  }
}
