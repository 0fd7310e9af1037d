// The draft of a writing room: the brief and the text are saved together, under one version, by the bench's own way.
import { Draft } from "./draft.js";

const SLOWER = 1 / 100; // ms more between saves for each character: 200,000 are sent every three seconds at most
const SLOWEST = 4000; // ms
const EXCERPT = 600; // characters shown of a text that differs

/** The text's part in a draft. What the server has is told by the editor's key, so that asking costs nothing. */
class Writing {
  #editor;
  #saved; // the key of what the server has; null when it must be sent whatever it is
  #text; // and its words
  #taken = new WeakMap(); // origins as sent → the key they were taken at

  constructor(editor) {
    this.#editor = editor;
    this.#saved = editor.key;
    this.#text = editor.text;
  }

  get changed() {
    return !this.#is(this.#saved);
  }

  #is(key) {
    return Boolean(key) && this.#editor.key.every((part, index) => part === key[index]);
  }

  /** ms more that a long text may wait. */
  get pace() {
    return Math.min(SLOWEST, Math.round(this.#editor.length * SLOWER));
  }

  /** {text, origins} when the server does not have them, else nothing. */
  take() {
    if (!this.changed) return {};
    const { text, origins, key } = this.#editor;
    this.#taken.set(origins, key);
    return { text, origins };
  }

  /** The server has what `state` holds. */
  keep({ text, origins }) {
    if (!origins) return;
    this.#saved = this.#taken.get(origins);
    this.#text = text;
  }

  /** Whether one went on writing since `state` was taken. */
  since({ origins }) {
    return origins ? !this.#is(this.#taken.get(origins)) : this.changed;
  }

  /** As form.js has them: [name, here, there], around the first place where the texts part. */
  differences({ text: there }) {
    const here = this.#editor.text;
    if (there === undefined || here === (there ?? "")) return [];
    return [["text", ...excerpts(here, there ?? "")]];
  }

  /** Whether a draft's text is another than the server had when it last spoke. */
  moved({ text }) {
    return (text ?? "") !== this.#text;
  }

  /** Whether a draft's text is the one that `state` was sent with; without one, whether the server's did not move. */
  arrived({ text }, draft) {
    return text === undefined ? !this.moved(draft) : text === (draft.text ?? "");
  }

  /** Send the text next time, whether it changed or not. */
  insist() {
    this.#saved = null;
  }

  /** Put a draft's text in place of this one; undo brings this one back. */
  fill({ text, origins }) {
    if (text !== undefined) this.#editor.set(text ?? "", origins ?? []);
  }
}

/** Two texts as a dialog can show them: whole when they are short, else from a little before they part. */
export function excerpts(here, there) {
  let same = 0;
  while (same < here.length && here[same] === there[same]) same += 1;
  const start = Math.max(here.length, there.length) <= EXCERPT ? 0 : Math.max(0, same - EXCERPT / 4);
  const cut = (text) => {
    const shown = text.slice(start, start + EXCERPT).toWellFormed();
    return `${start ? "… " : ""}${shown}${start + EXCERPT < text.length ? " …" : ""}`;
  };
  return [cut(here), cut(there)];
}

/** Save the form of the brief and the editor's text as one draft. Gives the Draft. */
export function autosave(editor, form, { status, prompt, dialog }) {
  const draft = new Draft(form, { status, prompt, dialog, writing: new Writing(editor) });
  editor.on("change", () => draft.touch());
  return draft;
}
