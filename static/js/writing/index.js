// The writing room: the text, its brief, the engines' variants and what is found in it, put together.
import { asked, grow, nested, settled } from "../bench/asking.js";
import { back } from "../bench/back.js";
import { conflict } from "../bench/dialogs.js";
import { enliven, read, typeIn } from "../bench/form.js";
import { importing } from "../bench/import.js";
import { Lightbox } from "../bench/lightbox.js";
import { Live } from "../bench/live.js";
import { complain } from "../bench/runs.js";
import { Selection } from "../bench/selection.js";
import { Staging } from "../bench/staging.js";
import { explaining } from "../bench/unusable.js";
import { autosave } from "../bench/text-autosave.js";
import { candidates } from "./candidates.js";
import { Desk } from "../bench/workspace.js";
import { Distribution } from "./distribution.js";
import { mountEditor } from "./editor.js";
import { FormCheck } from "./prosody-check.js";
import { forms } from "./prosody.js";
import { looking } from "./looking.js";
import { shortened } from "./overlong.js";
import { measuring } from "./measures.js";
import { Reading } from "./readings.js";
import { showShares } from "./shares.js";
import { readingSheet } from "./sheet-tokens.js";
import { streaming } from "./streams.js";
import { readingVariants } from "./variant-tokens.js";
import { Verbs } from "./verbs.js";
import { during } from "../shared/busy.js";
import { words } from "../shared/words.js";

const $ = (id) => document.getElementById(id);
const bench = $("main");
const form = $("brief");
const { work } = bench.dataset;

enliven(form);
forms(form);
const editor = mountEditor($("editor"), {
  ...JSON.parse($("text").textContent),
  readOnly: "readOnly" in $("editor").dataset,
  home: form.dataset.draft,
});
const draft = autosave(editor, form, { status: $("saved"), prompt: $("prompt"), dialog: conflict($("conflict"), form) });
const selection = new Selection(bench, $("verbs"), form);
explaining(selection);
new Lightbox($("lightbox"), bench, selection, looking($("lightbox")));
const live = new Live(work, { link: $("link"), waiting: $("waiting"), announce: $("announce"), ended: () => grow(work) });
const ask = (request, button) => asked(request, { button, form, live, work });
const generate = (request, button) => shortened(ask, request, button);

const desk = new Desk({ work, form, editor, draft, changed: () => grow(work) });
new Staging(bench, desk);
const verbs = new Verbs({ bench, form, editor, desk, selection, generate });
const distribution = new Distribution($("distribution"), (...where) => verbs.branch(...where));
const reading = new Reading($("reading"), $("write").querySelector("[data-write=reading]"), editor, desk, form);
new FormCheck($("formcheck"), editor, form, (whole) => verbs.complete(whole));
showShares($("shares"), editor.shares);
editor.on("idle", () => showShares($("shares"), editor.shares));
measuring(editor, $("counts"), $("outline"));
$("ink").ariaChecked = String(editor.ink());
$("ink").addEventListener("click", () => ($("ink").ariaChecked = String(editor.ink(!editor.ink()))));
editor.on("notice", (why) => complain(words.editor[why]));
streaming(bench);
candidates(bench, editor, desk);
readingVariants(bench, distribution);
readingSheet(editor, $("editor"), desk, distribution);
importing($("import"), bench, draft);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  generate({ verb: "create", ...read(form) }, form.querySelector("[type=submit]"));
});

document.addEventListener("submit", async (event) => {
  const { target, submitter } = event;
  if (target.matches("[data-again]")) {
    event.preventDefault();
    const { form: kept = null, place = {} } = JSON.parse(target.dataset.again || "{}");
    generate({ ...nested(new FormData(target)), form: kept, ...place }, submitter);
  } else if (target.matches("[data-go-on]")) {
    event.preventDefault();
    if (submitter.ariaDisabled === "true") return complain(submitter.title);
    if (await desk.goOn(selection.revision, submitter)) editor.focus();
  } else if (target.matches("[data-settle]")) settled(event, draft);
});

bench.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-verb], [data-write], [data-example], [data-compare], [data-back]");
  if (!button) return;
  const { verb, write } = button.dataset;
  if (button.ariaDisabled === "true") complain(button.title);
  else if (verb) verbs.perform(button);
  else if (write === "reading") reading.ask(button);
  else if (write) verbs.write(write, button);
  else if ("compare" in button.dataset) verbs.compare();
  else if ("back" in button.dataset) await during(button, back(form, draft));
  else example(button);
});

/** An idea to begin with: its brief, and the form it is to have. */
function example(button) {
  form.elements["form.preset"].value = button.dataset.form;
  form.elements["form.preset"].dispatchEvent(new Event("change", { bubbles: true }));
  typeIn(form, "intent", button.textContent).focus();
}

document.addEventListener("htmx:after:swap", ({ target }) => {
  if (target.closest?.("article")) grow(work); // a pick was made or taken back
});
