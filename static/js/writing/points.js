// Code points and UTF-16. The server counts a text in Unicode code points, the editor in UTF-16 units; they part
// wherever a character lies outside the basic plane (most emoji, rare Chinese) and takes two units.
import { StateField } from "../../vendor/codemirror.min.js";

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** How many characters of `text` take two units. */
export function pairs(text) {
  let found = 0;
  PAIR.lastIndex = 0;
  while (PAIR.test(text)) found += 1;
  return found;
}

/** The length of `text` in code points. */
export const length = (text) => text.length - pairs(text);

/** Offsets both ways where no character takes two units. */
const SAME = { point: (unit) => unit, unit: (point) => point };

/** Offsets both ways by the places of the characters that take two units. */
class Points {
  #at; // UTF-16 offsets of the pairs, ascending

  constructor(doc, count) {
    this.#at = new Uint32Array(count);
    let found = 0;
    let start = 0;
    for (const piece of doc.iter()) {
      for (const { index } of piece.matchAll(PAIR)) this.#at[found++] = start + index;
      start += piece.length;
    }
  }

  /** How many pairs come first while `before(offset, number)` is true. */
  #first(before) {
    let low = 0;
    let high = this.#at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(this.#at[middle], middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The code point at a UTF-16 offset (inside of a pair: the pair's own). */
  point(unit) {
    return unit - this.#first((offset) => offset < unit);
  }

  /** The UTF-16 offset of a code point. */
  unit(point) {
    return point + this.#first((offset, number) => offset - number < point);
  }
}

/** How many characters of the document take two units; kept up to date change by change. */
export const astral = StateField.define({
  create: (state) => pairs(state.doc.toString()),
  update(count, { changes, docChanged, startState }) {
    if (!docChanged) return count;
    changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
      if (toA > fromA) count -= pairs(startState.doc.sliceString(fromA, toA));
      if (inserted.length) count += pairs(inserted.toString());
    });
    return count;
  },
});

const known = new WeakMap(); // document → Points

/** What turns offsets of this state's document into code points and back: {point(unit), unit(point)}. */
export function pointsOf(state) {
  const count = state.field(astral);
  if (!count) return SAME;
  if (!known.has(state.doc)) known.set(state.doc, new Points(state.doc, count));
  return known.get(state.doc);
}
