// Who wrote what: ranges of a text as engine, paste or import wrote them; whatever lies between was typed by hand.
// They move with every change, and undoing brings them back exactly.
import { Annotation, RangeSet, RangeValue, StateEffect, StateField, invertedEffects } from "../../vendor/codemirror.min.js";
import { pointsOf } from "./points.js";

class Ink extends RangeValue {
  startSide = 1; // what is typed at an edge is not inside
  endSide = -1;

  constructor(by) {
    super();
    this.by = by;
  }

  eq(other) {
    return this.by === other.by;
  }
}

const INKS = Object.fromEntries(["engine", "paste", "import"].map((by) => [by, new Ink(by)]));

/** Who writes what a transaction inserts; without it a paste is a paste, and the rest is by hand. */
export const written = Annotation.define();

/** Says who wrote a region of the new document: {from, to, spans: [{from, to, by}]}; between the spans it is by hand. */
export const inked = StateEffect.define({
  map({ from, to, spans }, changes) {
    const moved = (range) => {
      const start = changes.mapPos(range.from, 1);
      return { ...range, from: start, to: Math.max(start, changes.mapPos(range.to, -1)) };
    };
    return { ...moved({ from, to }), spans: spans.map(moved).filter((span) => span.from < span.to) };
  },
});

/** The spans of a region that are not by hand, in UTF-16 units. */
export function sliced(set, from, to) {
  const spans = [];
  set.between(from, to, (start, end, { by }) => {
    const span = { from: Math.max(start, from), to: Math.min(end, to), by };
    if (span.from < span.to) spans.push(span);
  });
  return spans;
}

function painted(set, { from, to, spans }) {
  const add = spans.map((span) => INKS[span.by].range(span.from, span.to));
  set.between(from, to, (start, end, ink) => {
    if (end <= from || start >= to) return; // it only touches
    if (start < from) add.push(ink.range(start, from));
    if (end > to) add.push(ink.range(to, end));
  });
  const outside = (start, end) => end <= from || start >= to;
  return set.update({ filterFrom: from, filterTo: to, filter: outside, add, sort: true });
}

function author(transaction) {
  const pasted = transaction.isUserEvent("input.paste") || transaction.isUserEvent("input.drop");
  return transaction.annotation(written) ?? (pasted ? "paste" : "hand");
}

/** The ranges that are not by hand. */
export const origins = StateField.define({
  create: () => RangeSet.empty,
  update(set, transaction) {
    if (transaction.docChanged) {
      const by = author(transaction);
      set = set.map(transaction.changes);
      transaction.changes.iterChangedRanges((_fromA, _toA, from, to) => {
        if (from < to) set = painted(set, { from, to, spans: by === "hand" ? [] : [{ from, to, by }] });
      });
    }
    for (const effect of transaction.effects) if (effect.is(inked)) set = painted(set, effect.value);
    return set;
  },
});

/** What undoing a transaction must say: whose the words were that it deletes or hands to another. */
function undone(transaction) {
  const set = transaction.startState.field(origins);
  const back = transaction.changes.invertedDesc;
  const effects = [];
  const remember = (from, to, always) => {
    const spans = sliced(set, from, to);
    if (from < to && (always || spans.length)) effects.push(inked.of({ from, to, spans }));
  };
  transaction.changes.iterChangedRanges((from, to) => remember(from, to, false));
  for (const effect of transaction.effects) {
    if (effect.is(inked)) remember(back.mapPos(effect.value.from, -1), back.mapPos(effect.value.to, 1), true);
  }
  return effects;
}

/** The field, filled with the spans of `all` ([{from, to, by}] in units), and its part in undoing. */
export function keeping(all) {
  const set = painted(RangeSet.empty, { from: 0, to: Infinity, spans: all });
  return [origins.init(() => set), invertedEffects.of(undone)];
}

/** Origins as the server speaks them ([{start, end, by}] in code points) as spans in units. */
export function spansIn(points, given) {
  return (given ?? [])
    .filter(({ by }) => by !== "hand")
    .map(({ start, end, by }) => ({ from: points.unit(start), to: points.unit(end), by }));
}

/** All origins of a state, the hand's as well: [{start, end, by}] in code points, covering the text without gaps. */
export function originsOf(state) {
  const points = pointsOf(state);
  const found = [];
  const add = (from, to, by) => {
    const last = found.at(-1);
    if (from >= to) return;
    if (last?.by === by) last.end = points.point(to);
    else found.push({ start: points.point(from), end: points.point(to), by });
  };
  let at = 0;
  for (const cursor = state.field(origins).iter(); cursor.value; cursor.next()) {
    add(at, cursor.from, "hand");
    add(cursor.from, cursor.to, cursor.value.by);
    at = cursor.to;
  }
  add(at, state.doc.length, "hand");
  return found;
}
