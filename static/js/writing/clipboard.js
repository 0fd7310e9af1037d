// Copying, pasting and dragging: what comes from this very text keeps its origins, all else is pasted.
import { EditorState, EditorView } from "../../vendor/codemirror.min.js";
import { lines } from "./clean.js";
import { inked, origins, sliced } from "./origins.js";

const KIND = "application/x-stemma-ink"; // beside text/plain: {home, text, spans} of what was copied

/** The selected words and their spans, counted from the first of them. */
function chosen({ state }) {
  const { from, to } = state.selection.main;
  const spans = sliced(state.field(origins), from, to).map((span) => ({ ...span, from: span.from - from, to: span.to - from }));
  return { text: state.sliceDoc(from, to), spans };
}

const shifted = (spans, by) => spans.map((span) => ({ ...span, from: span.from + by, to: span.to + by }));

function copy(event, view, home) {
  const { text, spans } = chosen(view);
  if (!text) return true; // nothing is selected: what lies on the clipboard stays there
  event.clipboardData.setData("text/plain", text);
  event.clipboardData.setData(KIND, JSON.stringify({ home, text, spans }));
  if (event.type === "cut" && !view.state.readOnly)
    view.dispatch(view.state.replaceSelection(""), { userEvent: "delete.cut", scrollIntoView: true });
  return true;
}

/** The spans of a clipboard that was filled here with just these words; undefined when they are foreign. */
function own(data, text, home) {
  try {
    const kept = JSON.parse(data.getData(KIND));
    return kept.home === home && kept.text === text ? kept.spans : undefined;
  } catch {
    return undefined;
  }
}

function paste(event, view, home) {
  const text = lines(event.clipboardData.getData("text/plain"));
  if (!text || view.state.readOnly) return true; // a file is the room's to bring in
  const { from, to } = view.state.selection.main;
  const spans = own(event.clipboardData, text, home);
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + text.length },
    effects: spans ? inked.of({ from, to: from + text.length, spans: shifted(spans, from) }) : [],
    userEvent: "input.paste",
    scrollIntoView: true,
  });
  return true;
}

/** Keeps origins through the clipboard and through dragging. `home` names the text, so that two windows on it are one. */
export function carrying(home) {
  let dragged = null;
  const handlers = EditorView.domEventHandlers({
    copy: (event, view) => copy(event, view, home),
    cut: (event, view) => copy(event, view, home),
    paste: (event, view) => paste(event, view, home),
    dragstart: (_event, view) => {
      dragged = chosen(view);
    },
    dragend: () => {
      dragged = null;
    },
    drop: (event) => event.dataTransfer.files.length > 0, // a file is the room's to bring in
  });
  const dropping = EditorState.transactionExtender.of((transaction) => {
    if (!dragged || !(transaction.isUserEvent("move.drop") || transaction.isUserEvent("input.drop"))) return null;
    const effects = [];
    transaction.changes.iterChanges((_fromA, _toA, from, to, inserted) => {
      if (inserted.toString() === dragged.text) effects.push(inked.of({ from, to, spans: shifted(dragged.spans, from) }));
    });
    return { effects };
  });
  return [handlers, dropping];
}
