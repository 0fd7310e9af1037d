// What every bench does around a run: it is asked for, comes into view, and the lineage beside it grows.
import { Card, enter } from "./card.js";
import { ask } from "./runs.js";
import { called, during, hold } from "../shared/busy.js";
import { rooted } from "../shared/http.js";
import { nonce } from "../shared/nonce.js";
import { typing } from "../shared/keys.js";

/** The lineage has grown, or a pick was made in it. */
export function grow(work) {
  const pane = document.getElementById("lineage-pane");
  fetch(rooted(`/works/${work}/lineage?pane=1`), { headers: { Accept: "text/html", "HX-Request": "true" } }).then(
    async (answer) => {
      if (!answer.ok) return; // the tree that is there stays
      pane.innerHTML = await answer.text();
      htmx.process(pane);
    },
    () => {},
  );
}

/** Leave the field that is written in, before the answer is there: the next keys are not for it. The field, or null. */
function leave() {
  const field = document.activeElement;
  if (!typing(field)) return null;
  field.blur();
  return field;
}

/** Ask for a run by a button, which is busy meanwhile. The run, or null when it was refused (and that was said). A run from
 * the brief gets the focus; with the other verbs one may go on writing. */
export async function asked(request, { button, form, live, work, key = nonce() }) {
  live.expect();
  const fromBrief = button.type === "submit"; // Generate, or Try again
  const field = fromBrief ? leave() : null;
  const idle = [document.body, button].includes(document.activeElement);
  button.closest(".refused")?.remove(); // it is asked for once more
  const card = new Card(request, called(button));
  if (fromBrief && idle) enter(card.run);
  card.run.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  const again = (button) => asked(request, { button, form, live, work, key });
  const run = await during(button, ask(card, form, { key, again }));
  if (!run && card.run.contains(document.activeElement)) field?.focus();
  grow(work); // it shows what is coming
  return run;
}

/** Fields of a form as the server's JSON: `parents.0.role` becomes {parents: [{role}]}. */
export function nested(data) {
  const root = {};
  for (const [name, value] of data) {
    const path = name.split(".");
    const last = path.pop();
    let at = root;
    for (const [index, key] of path.entries()) {
      at[key] ??= /^\d+$/.test(path[index + 1] ?? last) ? [] : {};
      at = at[key];
    }
    at[last] = value;
  }
  return root;
}

/** Send a form that changes the draft on the server, when the server has everything of it. */
export async function settled(event, draft) {
  event.preventDefault();
  const { target, submitter } = event;
  hold(submitter); // until the page goes
  await draft.settle();
  // submit() leaves the pressed button out
  if (submitter?.name)
    target.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }));
  target.submit();
}
