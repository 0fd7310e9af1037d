// The ABC source: a plain textarea. Offsets that leave it are code points, as the server counts; `units` are UTF-16.

const CARET = 120; // ms after the caret moved

/** From UTF-16 units to code points of `text`, and back. */
export const points = (text, unit) => [...text.slice(0, unit)].length;
export const units = (text, point) => (/[\ud800-\udfff]/.test(text) ? [...text].slice(0, point).join("").length : point);

const lines = (text) => text.replace(/\r\n?/g, "\n");

export class Source {
  #heard = { change: new Set(), selection: new Set() };
  #timer = 0;

  constructor(area) {
    this.area = area;
    area.value = lines(area.value);
    area.addEventListener("input", () => this.#tell("change"));
    document.addEventListener("selectionchange", () => {
      if (document.activeElement !== area) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#tell("selection"), CARET);
    });
  }

  get text() {
    return this.area.value;
  }

  get key() {
    return this.area.value;
  }

  /** Code points. */
  get length() {
    return points(this.text);
  }

  /** Where the caret is: code points. */
  get cursor() {
    return points(this.text, this.area.selectionStart);
  }

  /** Where the caret is, in UTF-16 units; null while it is elsewhere. */
  get caret() {
    return document.activeElement === this.area ? this.area.selectionStart : null;
  }

  /** Another text in place of this one. */
  set(text) {
    if (lines(text) === this.text) return;
    this.area.value = lines(text);
    this.#tell("change");
  }

  /** Put the caret at (or select) UTF-16 units, in sight; the focus goes there if `focus`. */
  select(start, end = start, { focus = true } = {}) {
    if (focus) this.area.focus();
    this.area.setSelectionRange(start, end);
    const line = this.text.slice(0, start).split("\n").length - 1;
    const height = parseFloat(getComputedStyle(this.area).lineHeight) || 20;
    const top = line * height;
    if (top < this.area.scrollTop || top > this.area.scrollTop + this.area.clientHeight - 2 * height)
      this.area.scrollTop = top - this.area.clientHeight / 3;
  }

  /** The UTF-16 unit of a line and column (from 1, in code points). */
  at(line, column) {
    const all = this.text.split("\n");
    const before = all.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    return Math.min(this.text.length, before + units(all[line - 1] ?? "", column - 1));
  }

  /** Hear of "change" or "selection"; what it gives back ends that. */
  on(event, heard) {
    this.#heard[event].add(heard);
    return () => this.#heard[event].delete(heard);
  }

  focus() {
    this.area.focus();
  }

  #tell(event) {
    for (const heard of this.#heard[event]) heard(this);
  }
}
