// Find and replace: of a long text only what is in sight is in the page, so the browser's own search misses the rest.
import { EditorState, keymap, search, searchKeymap } from "../../vendor/codemirror.min.js";

const KEYS = new Set(["Mod-f", "F3", "Mod-g", "Escape"]); // the rest of CodeMirror's is for code

/** `words` are the panel's: CodeMirror's English phrase → ours. */
export function finding(words) {
  return [search({ top: true }), EditorState.phrases.of(words), keymap.of(searchKeymap.filter(({ key }) => KEYS.has(key)))];
}
