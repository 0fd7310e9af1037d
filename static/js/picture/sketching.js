// Live drafting: while the artist writes, sketches of the brief appear on the stage. One run at a time: what is written
// while it runs is sketched when it has ended, so what came between is left out. The seed stays, so the words change the
// picture and chance does not. Sketches are generations like any other; all of them are kept.
import { read } from "../bench/form.js";

const PAUSE = 600; // ms after the last keystroke
const KEPT = "stemma:sketching"; // in this window: it stays on when the page is drawn anew
const ENDED = ["done", "failed", "cancelled"];

export class Sketching {
  #timer = 0;
  #run = null; // the run that is waited for
  #asking = false;
  #drawn; // what was last sketched, or stood here when it was switched on
  #seed = crypto.getRandomValues(new Uint32Array(1))[0];

  constructor(button, form, ask) {
    Object.assign(this, { button, form, ask });
    button.addEventListener("click", () => this.#turn(!this.on));
    form.addEventListener("input", ({ isComposing }) => !isComposing && this.#soon());
    form.addEventListener("compositionend", () => this.#soon()); // a syllable on its way to a character is no word yet
    form.addEventListener("change", () => this.#offer());
    form.addEventListener("submit", () => clearTimeout(this.#timer), true); // the real thing is asked for
    this.#offer();
    if (sessionStorage.getItem(KEPT) === form.dataset.draft) this.#turn(true, this.#wish().key);
  }

  get on() {
    return this.button.ariaChecked === "true";
  }

  /** A run has ended: if it was ours, sketch what was written meanwhile. */
  ended(end, run) {
    if (run.dataset.generation !== this.#run) return;
    this.#run = null;
    if (end === "failed")
      this.#turn(false); // its reason stands in the run
    else this.#soon(0);
  }

  #turn(on, drawn = null) {
    this.button.ariaChecked = String(on);
    clearTimeout(this.#timer);
    if (!on) return sessionStorage.removeItem(KEPT);
    sessionStorage.setItem(KEPT, this.form.dataset.draft);
    this.#drawn = drawn;
    this.#soon(0);
  }

  get #paced() {
    return Boolean(this.form.querySelector('fieldset[data-engine]:not([disabled]) [name="params.pace"][value="sketch"]'));
  }

  /** Only an engine that is quick, or has a pace for it, can sketch. */
  #offer() {
    this.button.hidden = !this.#paced && !this.form.querySelector("fieldset[data-quick]:not([disabled])");
    if (this.button.hidden && this.on) this.#turn(false);
  }

  #soon(pause = PAUSE) {
    clearTimeout(this.#timer);
    if (this.on) this.#timer = setTimeout(() => this.#draw(), pause);
  }

  /** What would be asked for now, and a key that tells two wishes apart. */
  #wish() {
    const state = read(this.form);
    const request = {
      verb: "create",
      ...state,
      params: { ...state.params, ...(this.#paced ? { pace: "sketch" } : {}) },
      seed: state.seed ?? this.#seed,
    };
    return { request, key: JSON.stringify(request), words: Object.values(state.brief).flat().join("").trim() };
  }

  async #draw() {
    const { request, key, words } = this.#wish();
    if (!words || key === this.#drawn || this.#run || this.#asking) return;
    this.#drawn = key;
    this.#asking = true;
    const run = await this.ask(request);
    this.#asking = false;
    if (!run) return void this.#turn(false); // refused, and said so in place
    if (ENDED.includes(run.dataset.status)) this.#soon(0);
    else this.#run = run.dataset.generation;
  }
}
