// The same on the sheet: where the text came from an engine and still stands as it did, the caret shows what it expected.
import { get, rooted } from "../shared/http.js";
import { indexAt, tokensOf } from "./tokens.js";

const PAUSE = 120; // ms that the caret rests before anything is asked for
const texts = new Map(); // revision → promise of its text

function textOf(revision) {
  if (!texts.has(revision))
    texts.set(
      revision,
      get(rooted(`/revisions/${revision}`)).then(({ text }) => text ?? ""),
    );
  return texts.get(revision);
}

/** The offset in `before` of a place in `after` that the edits between them left alone; -1 for one in what was edited. */
export function unmoved(before, after, at) {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  if (at < head) return at;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return after.length - at <= tail ? at + before.length - after.length : -1;
}

export function readingSheet(editor, host, desk, distribution) {
  let timer = 0;
  let typed = false;

  async function look() {
    const [start, end] = editor.selection;
    const revision = desk.base;
    const inked = editor.origins.some((span) => span.by === "engine" && span.start <= start && start < span.end);
    if (!revision || start !== end || !inked) return sheetLeft();
    try {
      const [before, tokens] = [[...(await textOf(revision))], await tokensOf(revision)];
      const after = [...editor.text];
      const index = indexAt(tokens, unmoved(before, after, start));
      if (index < 0 || desk.base !== revision) return sheetLeft();
      const shift = start - unmoved(before, after, start);
      const mark = (token) => editor.mark(token ? [[token.start + shift, token.end + shift]] : [], "token");
      distribution.show({ revision, tokens, index, home: editor, mark });
    } catch {
      sheetLeft(); // a text without records: there is nothing to show
    }
  }

  function sheetLeft() {
    if (desk.base && distribution.of(desk.base)) distribution.close();
  }

  editor.on("change", () => {
    typed = true;
    sheetLeft();
  });
  editor.on("selection", () => {
    clearTimeout(timer);
    if (!typed) timer = setTimeout(look, PAUSE);
    typed = false;
  });
  host.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && distribution.open) distribution.close();
      if (event.key === "Enter" && event.altKey && event.shiftKey && distribution.open) {
        event.preventDefault();
        event.stopPropagation();
        distribution.enter();
      }
    },
    true,
  );
}
