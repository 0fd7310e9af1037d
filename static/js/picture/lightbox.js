// Looking closer: what is selected is pressed once more, and fills the window. Arrows and swipes go to its neighbours, plus
// and minus zoom, Escape leaves; whatever is seen is the selected one, so it can be picked or gone on from, there and after.
const CHOICES = "#base, article.variant:not(.coming)";
const ZOOMS = [1, 1.5, 2, 3, 4]; // times the size at which all of it is seen
const SWIPE = 48; // pixels
const KEYS = { ArrowLeft: "before", ArrowRight: "after", "+": "nearer", "=": "nearer", "-": "farther", 0: "whole", p: "pick", o: "go" };

export class Lightbox {
  #zoom = 0; // of ZOOMS
  #from = null; // where a finger came down

  constructor(dialog, bench, selection) {
    Object.assign(this, { dialog, bench, selection, ground: dialog.querySelector(".ground"), image: dialog.querySelector("img") });
    bench.addEventListener("click", (event) => this.#pressed(event), true);
    dialog.addEventListener("click", ({ target }) => this.#do(target.closest("[data-do]")?.dataset.do));
    dialog.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("close", () => this.selection.chosen?.querySelector(".look")?.focus());
    this.ground.addEventListener("dblclick", () => this.#scale(this.#zoom ? 0 : 2));
    this.ground.addEventListener("pointerdown", ({ pointerType, clientX }) => (this.#from = pointerType === "mouse" ? null : clientX));
    this.ground.addEventListener("pointerup", ({ clientX }) => this.#swiped(clientX));
    document.addEventListener("htmx:after:swap", () => dialog.open && this.#offer());
  }

  /** All that can be looked at, in the order of the page. */
  get #all() {
    return [...this.bench.querySelectorAll(CHOICES)].filter((one) => one.querySelector(".look > img"));
  }

  /** A hand, or Enter where the focus is, pressed what is selected already; a key that selects is no hand. */
  #pressed({ target, isTrusted }) {
    const look = target.closest(".look");
    const choice = look?.closest(CHOICES);
    if (!choice || !isTrusted || look.ariaPressed !== "true" || !look.querySelector("img")) return;
    this.dialog.showModal();
    this.#show(choice);
  }

  #show(choice) {
    this.image.src = choice.querySelector(".look > img").src; // it is there already, smaller or not
    this.image.src = `${document.documentElement.dataset.root}/revisions/${choice.dataset.revision}/content`;
    this.dialog.querySelector("h2").textContent = this.selection.named;
    this.#scale(0);
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
    this.#zoom = Math.min(ZOOMS.length - 1, Math.max(0, zoom));
    this.ground.style.setProperty("--zoom", ZOOMS[this.#zoom]);
    this.dialog.querySelector("output").value = `${ZOOMS[this.#zoom] * 100} %`;
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
    else if (what === "go" && !chosen?.matches("#base")) toolbar.querySelector(".go").click();
  }

  #key(event) {
    const what = KEYS[event.key];
    if (!what || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#zoom && event.key.startsWith("Arrow")) return; // it is moved about
    event.preventDefault();
    this.#do(what);
  }

  #swiped(x) {
    const way = this.#from === null || this.#zoom ? 0 : x - this.#from;
    this.#from = null;
    if (Math.abs(way) > SWIPE) this.#step(way < 0 ? 1 : -1);
  }
}
