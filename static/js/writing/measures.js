// How long the text is, or what is selected of it, and where its headings are.
import { words } from "../shared/words.js";

const HAN = /\p{Script=Han}/gu;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$/;
const FENCE = /^ {0,3}(```|~~~)/;
const FEWEST = 2; // headings from which on there is an outline

/** Words (those in letters; a Chinese character is none), Chinese characters, and characters without white space. */
export function measured(text) {
  const han = text.match(HAN)?.length ?? 0;
  const spoken = (han ? text.replace(HAN, " ") : text).match(WORD)?.length ?? 0;
  let characters = 0;
  for (const char of text) if (char.trim()) characters += 1;
  return { words: spoken, han, characters };
}

/** In words: "120 words · 640 characters"; of a Chinese text "350 Chinese characters · 400 characters". */
export function counted(text) {
  const found = measured(text);
  const one = (kind, count) =>
    words.counts[count === 1 ? kind : `${kind}s`].replace("{n}", count.toLocaleString(document.documentElement.lang || "en"));
  const said = [];
  if (found.han) said.push(one("han", found.han));
  if (found.words || !found.han) said.push(one("word", found.words));
  return [...said, one("character", found.characters)].join(" · ");
}

/** The headings of a Markdown text, with the code point at which each begins: [{level, title, at}]. */
export function headings(text) {
  const found = [];
  let at = 0;
  let fenced = false;
  for (const line of text.split("\n")) {
    const heading = !fenced && HEADING.exec(line);
    if (FENCE.test(line)) fenced = !fenced;
    else if (heading?.[2]) found.push({ level: heading[1].length, title: heading[2], at });
    at += [...line].length + 1;
  }
  return found;
}

/** Keep `counts` (an element) and `outline` (a <details> with a list) up to date with the editor. */
export function measuring(editor, counts, outline) {
  const list = outline.querySelector("ol");
  const count = () => {
    const [start, end] = editor.selection;
    const part = end > start ? editor.view.state.sliceDoc(editor.view.state.selection.main.from, editor.view.state.selection.main.to) : "";
    counts.textContent = part ? words.counts.selected.replace("{what}", counted(part)) : counted(editor.text);
  };
  const outlined = () => {
    const found = headings(editor.text);
    outline.hidden = found.length < FEWEST;
    list.replaceChildren(
      ...(outline.hidden ? [] : found).map(({ level, title, at }) => {
        const item = document.createElement("li");
        const way = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: title });
        item.style.setProperty("--level", level);
        way.addEventListener("click", () => {
          outline.open = false;
          editor.select(at);
          editor.focus();
        });
        item.append(way);
        return item;
      }),
    );
  };
  count();
  outlined();
  let selected = false;
  editor.on("idle", () => {
    count();
    outlined();
  });
  editor.on("selection", () => {
    const [start, end] = editor.selection;
    if (end > start || selected) count(); // a caret that only moves changes no number
    selected = end > start;
  });
}
