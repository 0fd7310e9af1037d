// A variant's text can be read token by token: a press on a word, or the arrows, show the distribution at its place.
import { complain } from "../bench/runs.js";
import { told } from "../shared/http.js";
import { indexAt, tokensOf } from "./tokens.js";

const PROSE = "article.text:not(.coming) .prose";
const length = (text) => [...text].length;

/** The UTF-16 offset in `sheet`'s text of the character under a point of the screen; -1 where none is. */
function unitAt(sheet, x, y) {
  const caret = document.caretPositionFromPoint?.(x, y);
  const range = caret ? null : document.caretRangeFromPoint?.(x, y);
  const [node, offset] = caret ? [caret.offsetNode, caret.offset] : [range?.startContainer, range?.startOffset];
  if (node !== sheet.firstChild) return -1;
  const covers = (from) => {
    const character = document.createRange();
    character.setStart(node, Math.max(0, from));
    character.setEnd(node, Math.min(node.length, from + 1));
    return [...character.getClientRects()].some((box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
  };
  return [offset, offset - 1].find((from) => from >= 0 && from < node.length && covers(from)) ?? -1;
}

/** Marks a token in the text without touching it (CSS Custom Highlight API; without it the region alone tells). */
function highlight(sheet, token) {
  CSS.highlights?.delete("token");
  if (!token || !CSS.highlights || !sheet.firstChild) return;
  const points = [...sheet.textContent];
  const unit = (point) => points.slice(0, point - Number(sheet.dataset.start)).join("").length;
  const range = document.createRange();
  range.setStart(sheet.firstChild, unit(token.start));
  range.setEnd(sheet.firstChild, unit(token.end));
  CSS.highlights.set("token", new Highlight(range));
}

export function readingVariants(bench, distribution) {
  async function look(prose, find) {
    const { revision } = prose.closest("article").dataset;
    const sheet = prose.querySelector(".written");
    try {
      const tokens = (await tokensOf(revision)).filter(
        ({ start, end }) => start >= Number(sheet.dataset.start) && end <= Number(sheet.dataset.start) + length(sheet.textContent),
      );
      const index = find(tokens, sheet);
      if (tokens[index]) distribution.show({ revision, tokens, index, home: prose, mark: (token) => highlight(sheet, token) });
    } catch (problem) {
      complain(told(problem));
    }
  }

  bench.addEventListener("click", ({ target, clientX, clientY, detail }) => {
    const prose = target.closest(PROSE);
    if (!prose || detail === 0 || !getSelection().isCollapsed) return;
    look(prose, (tokens, sheet) => {
      const unit = unitAt(sheet, clientX, clientY);
      return unit < 0 ? -1 : indexAt(tokens, Number(sheet.dataset.start) + length(sheet.textContent.slice(0, unit)));
    });
  });

  bench.addEventListener("keydown", (event) => {
    const prose = event.target.closest?.(PROSE);
    if (!prose || event.target !== prose || event.ctrlKey || event.metaKey || event.altKey) return;
    const mine = distribution.of(prose.closest("article").dataset.revision);
    const at = mine ? distribution.index : -1;
    const to = { ArrowRight: () => at + 1, ArrowLeft: () => Math.max(0, at - 1), Home: () => 0, End: (tokens) => tokens.length - 1 }[
      event.key
    ];
    if (to) look(prose, (tokens) => Math.min(to(tokens), tokens.length - 1));
    else if (event.key === "Enter" && mine) distribution.enter();
    else if (!mine || !distribution.press(event)) return;
    event.preventDefault();
  });

  // A run that is replaced or picked in takes its highlighted element with it.
  document.addEventListener("stemma:run", () => distribution.close());
}
