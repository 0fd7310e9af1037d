// What is selected, a variant or what lies on the stage, and the toolbar that belongs to it.
import { follow } from "./dock.js";
import { fill, words } from "../shared/words.js";

const CHOICES = "article.variant, .base";
const PLACE = "stemma:selected:"; // in this window's storage, for each work

export class Selection {
  #kept = null; // {run, index}: survives the replacement of its run
  #keyed = null; // id of the run that was asked for here, or chosen in, last

  constructor(bench, toolbar, form) {
    Object.assign(this, { bench, toolbar, form, chosen: null });
    bench.addEventListener("click", ({ target, detail }) => {
      const choice = target.closest(CHOICES);
      if (!choice || target.closest("a, form")) return;
      this.select(choice);
      if (detail === 0) choice.querySelector(".look").focus(); // chosen by a key: the arrows go on from here
    });
    bench.addEventListener("keydown", (event) => this.#walk(event));
    toolbar.addEventListener("keydown", (event) => this.#along(event));
    form.addEventListener("change", ({ target }) => target.name === "engine" && this.#offer());
    document.addEventListener("stemma:run", () => this.#again());
    document.addEventListener("htmx:after:swap", () => this.#again());
    document.addEventListener("stemma:asked", ({ detail: run }) => {
      this.#keyed = run.id;
      this.#again();
    });
    follow(toolbar);
    this.#key();
    const first = this.#before() ?? document.getElementById("base");
    if (first) this.select(first);
  }

  /** The selected revision's id, number and name; null while it is in the making or nothing is selected. */
  get revision() {
    const { revision: id, number, named } = this.chosen?.dataset ?? {};
    return id ? { id, number, named } : null;
  }

  /** Whether there is something to work on: a revision, or a sheet that becomes one. */
  get #there() {
    return this.revision ?? "sheet" in this.chosen.dataset;
  }

  /** What it is called: "Variant 2" only where the key 2 selects it, elsewhere by the number on its card. */
  get named() {
    const { named, number } = this.chosen.dataset;
    const run = this.chosen.closest(".run");
    if (!run || "keyed" in run.dataset) return named;
    return number ? fill(words.revision, { n: number }) : "…"; // it has no number before it is made
  }

  select(choice) {
    const run = choice.closest(".run");
    this.#kept = run ? { run: run.id, index: choice.dataset.index } : null;
    sessionStorage.setItem(PLACE + this.bench.dataset.work, JSON.stringify(this.#kept));
    this.#keyed = run?.id ?? this.#keyed;
    this.#key();
    this.#choose(choice);
  }

  /** What was selected in this window before its page was loaded again; null when that is no longer here. */
  #before() {
    if (performance.getEntriesByType("navigation")[0]?.type === "navigate") return null; // the stage may be another one
    return this.#find(JSON.parse(sessionStorage.getItem(PLACE + this.bench.dataset.work)));
  }

  #find(kept) {
    return kept && document.getElementById(kept.run)?.querySelector(`article[data-index="${kept.index}"]`);
  }

  /** The keys 1 to 8 select in one run, which alone shows its numbers: the one asked for or chosen in last, else the newest. */
  #key() {
    const runs = [...this.bench.querySelectorAll(".run:not([data-status=asked]):has(.look)")];
    const keyed = runs.find(({ id }) => id === this.#keyed) ?? runs[0];
    for (const run of runs) {
      run.toggleAttribute("data-keyed", run === keyed);
      for (const look of run.querySelectorAll(".look[data-key]")) {
        if (run === keyed) look.setAttribute("aria-keyshortcuts", look.dataset.key);
        else look.removeAttribute("aria-keyshortcuts");
      }
    }
  }

  #choose(choice) {
    this.chosen = choice;
    for (const look of this.bench.querySelectorAll(".look")) look.setAttribute("aria-pressed", String(choice.contains(look)));
    for (const control of this.bench.querySelectorAll("article [data-chord]")) {
      if (choice.contains(control)) control.setAttribute("aria-keyshortcuts", control.dataset.chord);
      else control.removeAttribute("aria-keyshortcuts");
    }
    this.toolbar.hidden = false;
    this.toolbar.dataset.kind = choice.dataset.kind ?? "";
    this.toolbar.querySelector(".whose").textContent = this.named;
    this.#offer();
    document.dispatchEvent(new CustomEvent("stemma:selected", { detail: choice }));
  }

  /** The partial around the selected one was replaced: select what took its place. */
  #again() {
    this.#key();
    if (!this.#kept) return;
    const choice = this.#find(this.#kept);
    if (choice) return this.#choose(choice);
    this.chosen = this.#kept = null;
    this.toolbar.hidden = true;
  }

  /** Enable what can be done with the selected one; the rest says why not. */
  #offer() {
    if (!this.chosen) return;
    const revision = this.#there;
    for (const button of this.toolbar.querySelectorAll("[data-verb]")) this.#allow(button, this.#obstacle(button));
    for (const button of this.toolbar.querySelectorAll("[data-compare], .go, [data-href]")) {
      this.#allow(button, revision ? "" : words.verbs.coming);
    }
    for (const link of this.toolbar.querySelectorAll("[data-href]")) {
      if (this.revision) link.href = link.dataset.href.replace("{id}", this.revision.id);
      else link.removeAttribute("href");
    }
    this.toolbar.querySelector("[name=revision]").value = this.revision?.id ?? "";
    for (const button of this.toolbar.querySelectorAll("[data-sketch]")) button.hidden = !("sketch" in this.chosen.dataset);
    this.toolbar.querySelector(".go").hidden = this.chosen.matches(".base");
    this.toolbar.querySelector("[data-compare]").hidden = this.chosen.matches(".base");
  }

  #obstacle({ dataset: { verb, bench, ownEngine, anyEngine } }) {
    const { coming, gone, lacks, able, drawn, own } = words.verbs;
    if (this.chosen.dataset.obstacle) return this.chosen.dataset.obstacle;
    if (!this.#there) return coming;
    if (ownEngine !== undefined) return "drawn" in this.chosen.dataset ? drawn : own[verb];
    const engines = [...(this.form.elements.engine?.options ?? [])];
    const { kind } = this.chosen.dataset; // "notes" or "sound": an engine of music may not hear both
    const can = (option) => (option.dataset[kind] ?? option.dataset.verbs).split(" ").includes(verb);
    if (anyEngine !== undefined) return "drawn" in this.chosen.dataset ? drawn : engines.some((one) => one.value && can(one)) ? "" : lacks;
    // A variation is made by the engine of its parent; a refinement, and whatever starts from an import, by the chosen one.
    const name = bench === undefined ? this.chosen.dataset.engine : "";
    const engine = name ? engines.find((option) => option.value === name) : this.form.elements.engine?.selectedOptions[0];
    if (!engine) return gone;
    if (can(engine)) return "";
    const others = engines.filter((option) => option.value && can(option)).map((option) => option.textContent.trim());
    return able && others.length ? able.replace("{names}", others.join(", ")) : lacks;
  }

  #allow(button, obstacle) {
    if (obstacle) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
    if (!button.dataset.href) button.title = obstacle;
  }

  /** Arrows walk the variants of a run; Home and End go to its ends. */
  #walk(event) {
    const look = event.target.closest(".grid .look");
    if (!look || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...look.closest(".grid").querySelectorAll(".look")];
    const columns = getComputedStyle(look.closest(".grid")).gridTemplateColumns.split(" ").length;
    const at = all.indexOf(look);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: all.length - 1 }[
      event.key
    ];
    if (!all[to]) return;
    event.preventDefault();
    all[to].focus();
    this.select(all[to].closest("article"));
  }

  /** A toolbar is one stop of the tab key; arrows go along it. */
  #along(event) {
    const controls = this.toolbar.querySelectorAll("button:not([tabindex='-1'][aria-hidden]), a[href]");
    const all = [...controls].filter((control) => control.checkVisibility());
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !all.includes(event.target)) return;
    event.preventDefault();
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  }
}
