// Bars are chosen on the staff: a press, a drag, Shift with either, or the arrows while the score has the focus.
import { fill, words } from "../shared/words.js";

export class Selecting {
  #anchor = null; // the number of the bar where the choice began
  #head = null; // and where it goes to
  #dragging = false;
  #asked = 0;

  /** `announce` is where a screen reader hears it; `heard(kind, what)` hears of "bars" and of a "note" that was pressed. */
  constructor(score, { announce, heard }) {
    Object.assign(this, { score, announce, heard });
    const { host } = score;
    host.addEventListener("keydown", (event) => this.#key(event));
    host.addEventListener("pointerdown", (event) => this.#press(event));
    host.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) host.addEventListener(end, () => (this.#dragging = false));
  }

  /** [first, last] as numbers of bars, or null. */
  get bars() {
    return this.#anchor === null ? null : [Math.min(this.#anchor, this.#head), Math.max(this.#anchor, this.#head)];
  }

  /** The places in the text (UTF-16 units) that the chosen bars lie between, or null. */
  get range() {
    if (!this.bars) return null;
    const [first, last] = this.bars;
    const chosen = this.score.bars.filter(({ number }) => number >= first && number <= last);
    return chosen.length ? [chosen[0].start, chosen.at(-1).end] : null;
  }

  /** Choose bars by number. */
  choose(anchor, head = anchor) {
    [this.#anchor, this.#head] = [anchor, head];
    this.show();
    this.#say();
    this.heard("bars", this.bars);
  }

  clear() {
    if (this.#anchor === null) return;
    this.#anchor = this.#head = null;
    this.show();
    this.announce.textContent = words.bars.none;
    this.heard("bars", null);
  }

  /** After the score was drawn anew, or its bars are known. */
  show() {
    const last = this.score.bars.at(-1)?.number;
    if (this.#anchor !== null && last !== undefined && Math.max(this.#anchor, this.#head) > last) return this.clear();
    const [first, end] = this.bars ?? [null, null];
    this.score.choose(first, end);
  }

  /** The chosen bars in words, as the toolbar has them too: "Bars 5 to 8". */
  get words() {
    if (!this.bars) return "";
    const [first, last] = this.bars;
    const { one, many, pickup, led } = words.bars;
    return first === last ? fill(first === 0 ? pickup : one, { n: first }) : fill(first === 0 ? led : many, { first, last });
  }

  #say() {
    const { said, alone } = words.bars;
    const range = this.range;
    const notes = range ? this.score.source.slice(...range).replaceAll(/\s+/g, " ") : "";
    const [first, last] = this.bars;
    clearTimeout(this.#asked);
    this.#asked = setTimeout(
      () => (this.announce.textContent = first === last ? fill(alone, { bars: this.words, notes }) : fill(said, { bars: this.words })),
      60,
    );
  }

  #press(event) {
    if (event.button !== 0) return;
    const found = this.score.under(event.clientX, event.clientY);
    if (!found?.bar) return;
    const { number } = found.bar;
    if (event.shiftKey && this.#anchor !== null) this.choose(this.#anchor, number);
    else {
      this.choose(number);
      this.#dragging = true;
    }
    if (found.note) this.heard("note", found.note);
  }

  #drag(event) {
    if (!this.#dragging || !(event.buttons & 1)) return;
    const bar = this.score.under(event.clientX, event.clientY)?.bar;
    if (!bar || bar.number === this.#head) return;
    this.score.host.setPointerCapture(event.pointerId);
    this.choose(this.#anchor, bar.number);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.score.bars.length) return;
    if (event.key === "Escape") {
      if (this.#anchor === null) return;
      event.preventDefault();
      return this.clear();
    }
    const to = this.#next(event.key);
    if (to === undefined) return;
    event.preventDefault();
    if (to === null) return;
    this.choose(event.shiftKey && this.#anchor !== null ? this.#anchor : to, to);
    this.#sight(to);
  }

  /** The number of the bar that a key leads to; null at an end, undefined for other keys. */
  #next(key) {
    const { bars } = this.score;
    const numbers = [...new Set(bars.map(({ number }) => number))];
    const at = numbers.indexOf(this.#head);
    const here = bars.find(({ number }) => number === this.#head);
    switch (key) {
      case "ArrowRight":
        return at < 0 ? numbers[0] : (numbers[at + 1] ?? null);
      case "ArrowLeft":
        return at < 0 ? numbers.at(-1) : (numbers[at - 1] ?? null);
      case "ArrowUp":
        return here ? (this.score.beyond(here, -1)?.number ?? null) : numbers.at(-1);
      case "ArrowDown":
        return here ? (this.score.beyond(here, 1)?.number ?? null) : numbers[0];
      case "Home":
        return numbers[0];
      case "End":
        return numbers.at(-1);
      default:
        return undefined;
    }
  }

  #sight(number) {
    const part = this.score.parts.find((one) => this.score.barOf(one)?.number === number);
    const note = part && this.score.noteAt(part.start);
    note?.nodes[0]?.scrollIntoView({ block: "nearest" });
  }
}
