// Highlights over the text, by kind: what a candidate would replace, where a branch begins. They move with the words.
import { Decoration, EditorView, StateEffect, StateField } from "../../vendor/codemirror.min.js";

/** Replaces the marks of one kind: {kind, ranges: [[from, to], …]} in UTF-16 units. */
export const marked = StateEffect.define();

export const marks = StateField.define({
  create: () => Decoration.none,
  update(set, transaction) {
    set = set.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(marked)) continue;
      const { kind, ranges } = effect.value;
      const style = Decoration.mark({ class: `marked mark-${kind}`, kind });
      const add = ranges.filter(([from, to]) => from < to).map(([from, to]) => style.range(from, to));
      set = set.update({ filter: (_from, _to, { spec }) => spec.kind !== kind, add, sort: true });
    }
    return set;
  },
  provide: (field) => EditorView.decorations.from(field),
});
