// The sheet: the score of the source, drawn as one writes. A very long tune is drawn in part until the rest is asked for.
import { field, keyOf, named } from "./tonality.js";
import { words } from "../shared/words.js";

const AT_ONCE = 128; // bars
const AT_MOST = 24_000; // UTF-16 units of them
const SOONEST = 60; // ms between two drawings; a slow one waits longer
const BARLINE = /::|:?\|[\]:|]*|\[\|/g;

/** Where the text may be cut so that about so many bars stand before it: UTF-16 units. */
export function cutAfter(text, bars) {
  const head = /^K:.*$/m.exec(text);
  let at = head ? head.index + head[0].length + 1 : 0;
  for (let count = 0; at < text.length; ) {
    const end = text.indexOf("\n", at) < 0 ? text.length : text.indexOf("\n", at);
    const line = text.slice(at, Math.min(end, at + AT_MOST));
    if (!/^(?:[A-Za-z]:|%)/.test(line)) {
      for (const found of line.matchAll(BARLINE)) {
        count += 1;
        if (count >= bars || at + found.index > AT_MOST * (bars / AT_ONCE)) return at + found.index + found[0].length;
      }
    }
    at = end + 1;
  }
  return text.length;
}

export class Sheet {
  #timer = 0;
  #drawn = 0; // ms that the last drawing took
  #last = 0; // when it was
  #whole = false;

  /** `drawn` hears after each drawing. */
  constructor(figure, source, score, drawn) {
    Object.assign(this, { figure, source, score, drawn });
    this.more = figure.querySelector(".more");
    this.more.querySelector("button").addEventListener("click", () => this.#all());
    source.on("change", () => this.soon());
    new ResizeObserver(() => Math.abs((score.width ?? 0) - score.host.clientWidth) > 8 && this.soon()).observe(score.host);
    this.draw();
  }

  /** Whether more is drawn than a part. */
  get part() {
    return !this.more.hidden;
  }

  soon() {
    const pause = Math.max(SOONEST, this.#drawn * 3) - (performance.now() - this.#last);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => requestAnimationFrame(() => this.draw()), Math.max(0, pause));
  }

  draw() {
    const begun = performance.now();
    const { text } = this.source;
    const cut = this.#whole ? text.length : cutAfter(text, AT_ONCE);
    this.score.source = text;
    const there = this.score.draw(text.slice(0, cut));
    this.#drawn = performance.now() - begun;
    this.#last = performance.now();
    performance.mark("stemma:drawn", { detail: { ms: this.#drawn } });
    this.more.hidden = !there || !text.slice(cut).trim();
    this.figure.classList.toggle("blank", !there);
    this.#head(text);
    this.drawn();
  }

  async #all() {
    const button = this.more.querySelector("button");
    button.ariaBusy = "true";
    await new Promise((wake) => setTimeout(wake, 50)); // it is seen to be at work
    this.#whole = true;
    this.draw();
    this.#whole = false; // after the next change a part is enough again
    button.ariaBusy = null;
  }

  /** The title, and what kind of tune it is, above the staves. */
  #head(text) {
    const { modes, kinds, sheet } = words;
    this.figure.querySelector("h2").textContent = field(text, "T") || sheet.untitled;
    const key = keyOf(text);
    const kind = field(text, "R");
    const said = [kinds[kind.toLowerCase()] ?? kind, key && named(key, modes), field(text, "M"), field(text, "C")];
    this.figure.querySelector(".kind").textContent = said.filter(Boolean).join(" · ");
  }
}
