// Looking closer: what is selected is pressed once more, and fills the window. Arrows and swipes go to its neighbours, plus
// and minus zoom, Escape leaves; whatever is seen is the selected one, so it can be picked or gone on from, there and after.
const CHOICES = "#base, article.variant:not(.coming)";
const SWIPE = 48; // pixels
const KEYS = { ArrowLeft: "before", ArrowRight: "after", "+": "nearer", "=": "nearer", "-": "farther", 0: "whole", p: "pick", o: "go" };

export class Lightbox {
  #zoom = 0; // of the view's zooms
  #from = null; // where a finger came down

  /**
   * `view` shows a medium: `looks(choice)` tells whether one can be looked at, `show(choice)` puts it into the dialog,
   * `press` selects what opens it when its choice is selected already, `zooms` are sizes, from the one at first, `pans`
   * tells that what is zoomed is moved about. It may have `keys` and `do(what)` of its own, `scaled(zoom)` and `left()`.
   */
  constructor(dialog, bench, selection, view) {
    Object.assign(this, { dialog, bench, selection, view, ground: dialog.querySelector(".ground") });
    this.keys = { ...KEYS, ...view.keys };
    bench.addEventListener("click", (event) => this.#pressed(event), true);
    document.addEventListener("keydown", (event) => this.#entered(event));
    dialog.addEventListener("click", ({ target }) => this.#do(target.closest("[data-do]")?.dataset.do));
    dialog.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("close", () => {
      view.left?.();
      selection.chosen?.querySelector(".look")?.focus();
    });
    if (view.pans) this.ground.addEventListener("dblclick", () => this.#scale(this.#zoom ? 0 : 2));
    this.ground.addEventListener("pointerdown", ({ pointerType, clientX: x, clientY: y }) => {
      this.#from = pointerType === "mouse" ? null : { x, y };
    });
    this.ground.addEventListener("pointerup", (event) => this.#swiped(event));
    document.addEventListener("htmx:after:swap", () => dialog.open && this.#offer());
  }

  /** All that can be looked at, in the order of the page. */
  get #all() {
    return [...this.bench.querySelectorAll(CHOICES)].filter((one) => this.view.looks(one));
  }

  /** A hand, or Enter where the focus is, pressed what is selected already; a key that selects is no hand. */
  #pressed({ target, isTrusted }) {
    const button = target.closest("[data-look]"); // says so in words: it opens at once
    const choice = (button ?? target.closest(this.view.press))?.closest(CHOICES);
    if (!choice || !isTrusted || !this.view.looks(choice)) return;
    if (!button && choice.querySelector(".look").ariaPressed !== "true") return;
    if (button) this.selection.select(choice);
    this.#open(choice);
  }

  /** Enter where nothing that it would press has the focus looks at what is selected. */
  #entered(event) {
    if (event.key !== "Enter" || event.defaultPrevented || event.repeat || !event.target.matches("body, .run")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (document.documentElement.dataset.keys === "off") return;
    const { chosen } = this.selection;
    if (chosen && this.view.looks(chosen)) this.#open(chosen);
    else document.dispatchEvent(new CustomEvent("stemma:unusable", { detail: { chord: "Enter" } }));
  }

  #open(choice) {
    this.dialog.showModal();
    this.#show(choice);
  }

  #show(choice) {
    this.view.show(choice);
    this.dialog.querySelector("h2").textContent = this.selection.named;
    this.#scale(0);
    if (!this.view.pans) this.ground.scrollTop = 0;
    this.#offer();
  }

  /** What can be done with it, as its card has it. */
  #offer() {
    const chosen = this.selection.chosen;
    const all = this.#all;
    const at = all.indexOf(chosen);
    const pick = chosen?.querySelector(".pick");
    const button = this.dialog.querySelector("[data-do=pick]");
    button.hidden = !pick;
    if (pick) [button.textContent, button.ariaPressed] = [pick.textContent, pick.ariaPressed];
    this.dialog.querySelector("[data-do=go]").hidden = Boolean(chosen?.matches("#base"));
    for (const [name, there] of Object.entries({ before: at > 0, after: at >= 0 && at < all.length - 1 }))
      this.dialog.querySelector(`[data-do=${name}]`).ariaDisabled = String(!there);
  }

  #scale(zoom) {
    const { zooms, pans, scaled } = this.view;
    this.#zoom = Math.min(zooms.length - 1, Math.max(0, zoom));
    this.ground.style.setProperty("--zoom", zooms[this.#zoom]);
    this.ground.toggleAttribute("data-pans", Boolean(pans && this.#zoom));
    this.dialog.querySelector("output").value = `${zooms[this.#zoom] * 100} %`;
    scaled?.call(this.view, zooms[this.#zoom]);
    if (!pans) return;
    this.ground.scrollTo(
      (this.ground.scrollWidth - this.ground.clientWidth) / 2,
      (this.ground.scrollHeight - this.ground.clientHeight) / 2,
    );
  }

  #step(by) {
    const all = this.#all;
    const next = all[all.indexOf(this.selection.chosen) + by];
    if (!next) return;
    this.selection.select(next);
    this.#show(next);
  }

  #do(what) {
    const { chosen, toolbar } = this.selection;
    if (what === "before" || what === "after") this.#step(what === "after" ? 1 : -1);
    else if (what === "nearer" || what === "farther") this.#scale(this.#zoom + (what === "nearer" ? 1 : -1));
    else if (what === "whole") this.#scale(0);
    else if (what === "pick") chosen?.querySelector(".pick")?.click();
    else if (what === "go" && !chosen?.matches("#base")) {
      this.dialog.close(); // the stage is behind it
      toolbar.querySelector(".go").click();
    } else if (what) this.view.do?.(what);
  }

  #key(event) {
    const what = this.keys[event.key];
    if (!what || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.matches("button")) return; // it presses that
    if (this.view.pans && this.#zoom && event.key.startsWith("Arrow")) return; // it is moved about
    event.preventDefault();
    this.#do(what);
  }

  #swiped({ clientX, clientY }) {
    const from = this.#from;
    this.#from = null;
    if (!from || (this.view.pans && this.#zoom) || !getSelection().isCollapsed) return;
    const [way, along] = [clientX - from.x, Math.abs(clientY - from.y)];
    if (Math.abs(way) > Math.max(SWIPE, along)) this.#step(way < 0 ? 1 : -1);
  }
}
