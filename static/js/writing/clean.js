// What a text cannot hold: characters that are none, and more than the server takes.
import { EditorState } from "../../vendor/codemirror.min.js";
import { astral, pairs } from "./points.js";

export const LONGEST = 1_000_000; // code points
const UNFIT = /\p{Cs}|[\ufffe\uffff]|(?![\n\t])\p{Cc}/u; // lone surrogates (with /u the pairs are whole), what XML has not, control characters
const EACH = new RegExp(UNFIT, "gu");

const instead = (unfit) => (/\p{Cs}/u.test(unfit) ? "\ufffd" : "");

/** Line ends as one character, whatever the system writes. */
export const lines = (text) => text.replace(/\r\n?/g, "\n");

/** `text` as it can be kept: lone surrogates are replaced by U+FFFD, control characters are left out. */
export const clean = (text) => lines(text).replace(EACH, instead);

/** Cleans what is put in and refuses what makes the text too long; `say("cleaned" | "long")` tells the artist. */
export function fitting(say) {
  return EditorState.transactionFilter.of((transaction) => {
    if (!transaction.docChanged) return transaction;
    if (tooLong(transaction)) {
      queueMicrotask(() => say("long"));
      return [];
    }
    const changes = [];
    transaction.changes.iterChanges((_fromA, _toA, from, _to, inserted) => {
      const text = inserted.toString();
      if (!UNFIT.test(text)) return;
      for (const { index, 0: unfit } of text.matchAll(EACH)) {
        changes.push({ from: from + index, to: from + index + unfit.length, insert: instead(unfit) });
      }
    }, true);
    if (!changes.length) return transaction;
    queueMicrotask(() => say("cleaned"));
    return [transaction, { changes, sequential: true }];
  });
}

function tooLong({ changes, startState }) {
  if (changes.newLength <= LONGEST || changes.newLength <= startState.doc.length) return false;
  let two = startState.field(astral);
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    two += pairs(inserted.toString()) - pairs(startState.doc.sliceString(fromA, toA));
  });
  return changes.newLength - two > LONGEST;
}
