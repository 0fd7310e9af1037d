// The distribution on the table: what could have stood in a token's place, ranked; choosing one branches from exactly there.
import { dockTop } from "../bench/dock.js";
import { share, visible } from "./tokens.js";
import { fill, words } from "../shared/words.js";

const CLEAR = 8; // px between it and what it explains

export class Distribution {
  #place = null; // {revision, tokens, index, mark(token or null), home}: where one looks

  /** `choose(revision, token, alternative, button)` branches. */
  constructor(region, choose) {
    Object.assign(this, { region, choose });
    region.querySelector("[data-close]").addEventListener("click", () => this.close(true));
    region.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-rank]");
      if (button) this.#take(Number(button.dataset.rank), button);
    });
    region.addEventListener("keydown", (event) => this.#key(event));
  }

  get open() {
    return this.#place !== null;
  }

  get index() {
    return this.#place?.index ?? -1;
  }

  get token() {
    return this.#place?.tokens[this.#place.index] ?? null;
  }

  /** Is it about this revision? */
  of(revision) {
    return this.#place?.revision === revision;
  }

  /** Show the place's token; `mark` shows where it stands, `home` gets the focus back. */
  show(place) {
    if (this.#place && this.#place.home !== place.home) this.#place.mark(null);
    this.#place = place;
    place.mark(this.token);
    this.#draw(this.token);
    this.region.hidden = false;
    this.#clear(place.home.closest?.("article") ?? document.querySelector(".editor .mark-token"));
  }

  /** The dock grew by it: the variant, or the token on the sheet, is scrolled clear of both the dock and the bar. */
  #clear(explained) {
    if (!explained) return;
    const { top, bottom } = explained.getBoundingClientRect();
    const over = bottom + CLEAR - dockTop();
    const room = top - CLEAR - document.querySelector(".bar").offsetHeight;
    if (over > 0) scrollBy({ top: Math.min(over, Math.max(0, room)), behavior: "instant" });
  }

  close(back = false) {
    if (!this.#place) return;
    const { mark, home } = this.#place;
    this.#place = null;
    mark(null);
    this.region.hidden = true;
    if (back) home.focus();
  }

  /** Go on with the keys among the alternatives. */
  enter() {
    (this.region.querySelector("[aria-current]") ?? this.region.querySelector("[data-rank]"))?.focus();
  }

  /** What the keys do while a token is looked at, here and where it stands; true when one was meant. */
  press({ key, ctrlKey, metaKey, altKey }) {
    if (!this.#place || ctrlKey || metaKey || altKey) return false;
    const button = /^[1-9]$/.test(key) ? this.region.querySelector(`[data-rank="${Number(key) - 1}"]`) : null;
    if (button) this.#take(Number(button.dataset.rank), button);
    else if (key === "Escape") this.close(true);
    else return false;
    return true;
  }

  #draw(token) {
    const { here, forced, choose, alone } = words.distribution;
    const said = fill(here, { token: visible(token.text), share: share(token.logprob) });
    this.region.querySelector(".here").textContent = token.forced ? `${said} · ${forced}` : said;
    const most = Math.exp(token.alternatives[0]?.logprob ?? 0);
    const others = token.alternatives.map(({ text, logprob }, rank) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.dataset.rank = rank;
      button.style.setProperty("--p", (Math.exp(logprob) / most).toFixed(4));
      if (text === token.text) button.setAttribute("aria-current", "true");
      const said = Object.assign(document.createElement("q"), { textContent: visible(text) });
      const figure = Object.assign(document.createElement("i"), { textContent: share(logprob) });
      const unseen = text.trim()
        ? ""
        : Object.assign(document.createElement("span"), { className: "unseen", textContent: this.#named(text) });
      button.append(said, " ", unseen, " ", figure);
      if (rank < 9) button.prepend(Object.assign(document.createElement("kbd"), { textContent: rank + 1, ariaHidden: "true" }));
      return button;
    });
    this.region.querySelector(".alternatives").replaceChildren(...others);
    this.region.querySelector(".hint").textContent = others.length ? choose : alone;
  }

  #named(text) {
    return text.includes("\n") ? words.distribution.newline : words.distribution.space;
  }

  #take(rank, button) {
    const { revision } = this.#place;
    const token = this.token;
    this.choose(revision, token, token.alternatives[rank].text, button);
  }

  #key(event) {
    if (this.press(event)) return event.preventDefault();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const all = [...this.region.querySelectorAll("[data-rank]")];
    if (!step || !all.includes(event.target)) return;
    event.preventDefault();
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  }
}
