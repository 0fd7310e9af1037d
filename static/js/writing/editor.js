// The calm editor of the writing room: CodeMirror with nothing of a code editor about it. It knows who wrote every word.
// Offsets are Unicode code points, in and out. Escape leaves it, so that the room's keys work; Tab passes through.
import {
  Compartment,
  EditorSelection,
  EditorState,
  EditorView,
  Transaction,
  history,
  historyKeymap,
  insertNewline,
  isolateHistory,
  keymap,
  placeholder,
  redo,
  standardKeymap,
  undo,
} from "../../vendor/codemirror.min.js";
import { dockTop } from "../bench/dock.js";
import { clean, fitting } from "./clean.js";
import { carrying } from "./clipboard.js";
import { finding } from "./finding.js";
import { inks, sharesOf } from "./ink.js";
import { marked, marks } from "./marks.js";
import { inked, keeping, origins, originsOf, spansIn, written } from "./origins.js";
import { astral, pointsOf } from "./points.js";
import "./styles.js";
import { nonce } from "../shared/nonce.js";
import { words } from "../shared/words.js";

const IDLE = 300; // ms without a change
const CALMER = 1 / 200; // ms more for each character: what is added up of a long text waits for a longer pause
const INKED = "stemma:ink"; // "off" when the artist switched the ink off

/** Pixels of the window that its bar and the dock take. */
function covered() {
  const dock = dockTop();
  return { top: 72, bottom: dock === undefined ? 24 : Math.max(0, innerHeight - dock) + 16 };
}

class Editor {
  #host;
  #view;
  #heard = { change: new Set(), selection: new Set(), idle: new Set(), notice: new Set() };
  #idle = 0;
  #locked = new Compartment();

  constructor(host, { text = "", origins: given, language = "", readOnly = false, home = nonce() } = {}) {
    this.#host = host;
    const doc = clean(text);
    const bare = EditorState.create({ doc, extensions: astral });
    const extensions = [
      astral, // before all that count in code points
      keeping(spansIn(pointsOf(bare), given)),
      fitting((why) => this.#tell("notice", why)),
      carrying(home),
      inks,
      marks,
      history(),
      finding(words.finding ?? {}),
      keymap.of([
        { key: "Escape", run: () => this.#leave() },
        { key: "Enter", run: insertNewline, shift: insertNewline },
        ...historyKeymap,
        ...standardKeymap,
      ]),
      EditorView.lineWrapping,
      EditorView.scrollMargins.of(covered),
      EditorView.contentAttributes.of({
        "aria-label": words.editor?.name ?? "Text",
        lang: language,
        spellcheck: "true",
        autocorrect: "on",
        autocapitalize: "sentences",
        writingsuggestions: "true",
      }),
      this.#locked.of(EditorState.readOnly.of(readOnly)),
      words.editor ? placeholder(words.editor.placeholder) : [],
      EditorView.updateListener.of((update) => this.#updated(update)),
    ];
    host.replaceChildren(); // the text as the page brought it
    this.#view = new EditorView({ parent: host, state: EditorState.create({ doc: bare.doc, extensions }) });
    host.classList.add("editor");
    host.editor = this; // from the element to its editor
    host.tabIndex = -1; // where Escape leads
    host.addEventListener("keydown", (event) => {
      if (event.target !== host || event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.focus();
    });
    this.ink(localStorage.getItem(INKED) !== "off");
  }

  /** CodeMirror's view, for tests and for what only it can do. */
  get view() {
    return this.#view;
  }

  get #state() {
    return this.#view.state;
  }

  /** The whole text; lines end in \n. */
  get text() {
    return this.#state.doc.toString();
  }

  /** How many code points the text has. */
  get length() {
    return this.#state.doc.length - this.#state.field(astral);
  }

  /** Who wrote what: [{start, end, by}], covering the text without gaps. */
  get origins() {
    return originsOf(this.#state);
  }

  /** Fractions of what is no space: {hand, changed, engine, paste, import}; hand holds changed. */
  get shares() {
    return sharesOf(this.#state);
  }

  /** Two equal keys mean an equal text with equal origins; costs nothing to get and compare. */
  get key() {
    return [this.#state.doc, this.#state.field(origins)];
  }

  /** [start, end], equal where nothing is selected. */
  get selection() {
    const { from, to } = this.#state.selection.main;
    const points = pointsOf(this.#state);
    return [points.point(from), points.point(to)];
  }

  /** Where the caret is. */
  get cursor() {
    return pointsOf(this.#state).point(this.#state.selection.main.head);
  }

  get readOnly() {
    return this.#state.readOnly;
  }

  set readOnly(locked) {
    this.#view.dispatch({ effects: this.#locked.reconfigure(EditorState.readOnly.of(locked)) });
  }

  /** Another text in place of this one, as one step that can be undone. False when it is too long. */
  set(text, given) {
    const doc = this.#state.toText(clean(text));
    const points = pointsOf(EditorState.create({ doc, extensions: astral }));
    const before = this.text;
    const after = doc.toString();
    const { from, to, insert } = difference(before, after);
    this.#view.dispatch({
      changes: before === after ? [] : { from, to, insert },
      effects: inked.of({ from: 0, to: after.length, spans: spansIn(points, given) }),
      annotations: [isolateHistory.of("full"), Transaction.userEvent.of("set")],
    });
    return this.#state.doc.eq(doc);
  }

  /** Other words in place of those from `start` to `end`; `by` is hand, engine, paste or import. False when too long. */
  replace(start, end, text, by = "hand") {
    const points = pointsOf(this.#state);
    const [from, to] = [points.unit(start), points.unit(end)].map((unit) => Math.max(0, Math.min(unit, this.#state.doc.length)));
    const before = this.#state.doc;
    const insert = clean(text);
    if (from === to && !insert) return true;
    this.#view.dispatch({
      changes: { from, to, insert },
      annotations: [written.of(by), isolateHistory.of("full"), Transaction.userEvent.of("replace")],
    });
    return this.#state.doc !== before;
  }

  /** Select from `start` to `end` and bring it into sight. */
  select(start, end = start) {
    const points = pointsOf(this.#state);
    const [anchor, head] = [points.unit(start), points.unit(end)].map((unit) => Math.max(0, Math.min(unit, this.#state.doc.length)));
    this.#view.dispatch({ selection: EditorSelection.single(anchor, head), scrollIntoView: true });
  }

  /** Highlight `ranges` ([[start, end], …]) as `kind` (the class mark-kind), in place of its earlier ones. */
  mark(ranges, kind) {
    const points = pointsOf(this.#state);
    const end = this.#state.doc.length;
    const units = ranges.map((range) => range.map((point) => Math.min(points.unit(point), end)));
    this.#view.dispatch({ effects: marked.of({ kind, ranges: units }) });
  }

  /** Show or hide who wrote what; remembered in this browser. Without an argument: whether it is shown. */
  ink(shown) {
    if (shown === undefined) return this.#host.classList.contains("inked");
    this.#host.classList.toggle("inked", shown);
    localStorage.setItem(INKED, shown ? "on" : "off");
    return shown;
  }

  /** Hear of "change", "selection", "idle" (300 ms after the last change, a second more in a text of 200,000) or "notice" ("long", "cleaned"); ends what it gives back. */
  on(event, heard) {
    this.#heard[event].add(heard);
    return () => this.#heard[event].delete(heard);
  }

  undo() {
    return undo(this.#view);
  }

  redo() {
    return redo(this.#view);
  }

  focus() {
    this.#view.focus();
  }

  destroy() {
    clearTimeout(this.#idle);
    this.#view.destroy();
  }

  #leave() {
    this.#host.focus({ preventScroll: true });
    return true;
  }

  #updated({ docChanged, selectionSet, startState, state }) {
    if (docChanged || startState.field(origins) !== state.field(origins)) {
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.#tell("idle"), IDLE + state.doc.length * CALMER);
      this.#tell("change");
    }
    if (docChanged || selectionSet) this.#tell("selection");
  }

  #tell(event, word = this) {
    for (const heard of this.#heard[event]) heard(word);
  }
}

/** The one stretch in which two texts differ, its edges between characters: {from, to, insert}. */
function difference(before, after) {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before.charCodeAt(from) === after.charCodeAt(from)) from += 1;
  let end = 0;
  while (end < most - from && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end += 1;
  if (splits(before, from) || splits(after, from)) from -= 1;
  if (splits(before, before.length - end) || splits(after, after.length - end)) end -= 1;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

const splits = (text, at) => /[\udc00-\udfff]/.test(text.charAt(at)) && /[\ud800-\udbff]/.test(text.charAt(at - 1));

/** Make an editor in `host`. `home` names the text (the draft's address): what was copied from it keeps its origins when
 * it is pasted into it. */
export function mountEditor(host, options) {
  return new Editor(host, options);
}
