// Ink: each run of a line is drawn in the ink of who wrote it, and the runs are added up.
// A hand's run that touches the engine's on its line is a change in the engine's words, and drawn as that.
import { Decoration, EditorView, RangeSetBuilder, ViewPlugin } from "../../vendor/codemirror.min.js";
import { origins, sliced } from "./origins.js";

const LINE = Decoration.line({ attributes: { dir: "auto" } }); // each line reads its own way
const MARKS = Object.fromEntries(["changed", "engine", "paste", "import"].map((kind) => [kind, Decoration.mark({ class: `ink-${kind}` })]));

/** The runs of one line: [{from, to, kind}], kind being hand, changed, engine, paste or import. `spans` are the line's own. */
function runs(spans, { from, to }) {
  const found = [];
  const add = (start, end, kind) => {
    const last = found.at(-1);
    if (start >= end) return;
    if (last?.kind === kind) last.to = end;
    else found.push({ from: start, to: end, kind });
  };
  let at = from;
  for (const span of spans) {
    add(at, span.from, "hand");
    add(span.from, span.to, span.by);
    at = span.to;
  }
  add(at, to, "hand");
  found.forEach((run, index) => {
    const touches = found[index - 1]?.kind === "engine" || found[index + 1]?.kind === "engine";
    if (run.kind === "hand" && touches) run.kind = "changed";
  });
  return found;
}

function drawn(view) {
  const builder = new RangeSetBuilder();
  const { doc } = view.state;
  const set = view.state.field(origins);
  let next = 0; // a long line may be seen in several parts
  for (const seen of view.visibleRanges) {
    for (let at = Math.max(seen.from, next); at <= seen.to; ) {
      const line = doc.lineAt(at);
      if (line.from >= next) builder.add(line.from, line.from, LINE);
      for (const run of runs(sliced(set, line.from, line.to), line)) {
        const from = Math.max(run.from, seen.from);
        const to = Math.min(run.to, seen.to);
        if (run.kind !== "hand" && from < to) builder.add(from, to, MARKS[run.kind]);
      }
      at = next = line.to + 1;
    }
  }
  return builder.finish();
}

const drawing = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = drawn(view);
    }

    update({ docChanged, viewportChanged, startState, state, view }) {
      if (docChanged || viewportChanged || startState.field(origins) !== state.field(origins)) this.decorations = drawn(view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

export const inks = [drawing, EditorView.perLineTextDirection.of(true)];

// Unicode's White_Space above ASCII: what Python's str.isspace() calls space, too.
const SPACES = new Set([
  0x85,
  0xa0,
  0x1680,
  ...Array.from({ length: 11 }, (_, index) => 0x2000 + index),
  0x2028,
  0x2029,
  0x202f,
  0x205f,
  0x3000,
]);

/** How many code points of `text` from `start` to `end` (UTF-16 units) are no space. */
function weight(text, start, end) {
  let found = end - start;
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index);
    if (unit <= 32 || (unit >= 0xdc00 && unit < 0xe000) || (unit > 0x7f && unit < 0x3001 && SPACES.has(unit))) found -= 1; // a pair counts once
  }
  return found;
}

/** Whose part of the text is how large: {hand, changed, engine, paste, import}, fractions of what is no space. What was
 * changed in the engine's words is by hand, and counted there as well. */
export function sharesOf(state) {
  const set = state.field(origins);
  const sums = { hand: 0, changed: 0, engine: 0, paste: 0, import: 0 };
  const all = sliced(set, 0, state.doc.length);
  let first = 0; // the first span that reaches into the line
  let start = 0;
  for (const text of state.doc.iterLines()) {
    const end = start + text.length;
    while (all[first]?.to <= start) first += 1;
    const here = [];
    for (let at = first; all[at]?.from < end; at++)
      here.push({ ...all[at], from: Math.max(all[at].from, start), to: Math.min(all[at].to, end) });
    for (const { from, to, kind } of runs(here, { from: start, to: end })) sums[kind] += weight(text, from - start, to - start);
    start = end + 1;
  }
  sums.hand += sums.changed;
  const total = sums.hand + sums.engine + sums.paste + sums.import;
  return Object.fromEntries(Object.entries(sums).map(([kind, sum]) => [kind, total ? sum / total : 0]));
}
