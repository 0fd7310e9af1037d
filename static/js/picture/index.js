// The bench: puts the draft, the stream, the selection and the verbs together.
import { asked, grow, nested, settled } from "../bench/asking.js";
import { Card } from "../bench/card.js";
import { Draft } from "../bench/draft.js";
import { enliven, read, typeIn } from "../bench/form.js";
import { Lightbox } from "../bench/lightbox.js";
import { looking } from "./looking.js";
import { Painted } from "./painted.js";
import { Live } from "../bench/live.js";
import { ask, complain } from "../bench/runs.js";
import { Selection } from "../bench/selection.js";
import { counted, takes } from "../bench/verb.js";
import { Sketching } from "./sketching.js";
import { Stage } from "./stage.js";
import { Staging } from "../bench/staging.js";
import { explaining } from "../bench/unusable.js";
import { importing } from "../bench/import.js";
import { nearest, putting } from "./nearest.js";
import { compare, conflict, settings } from "../bench/dialogs.js";
import { back } from "../bench/back.js";
import { during } from "../shared/busy.js";
import { fill, words } from "../shared/words.js";

const $ = (id) => document.getElementById(id);
const bench = $("main");
const form = $("brief");

enliven(form);
const painted = new Painted(form);
const draft = new Draft(form, { status: $("saved"), prompt: $("prompt"), dialog: conflict($("conflict"), form), writing: painted });
const selection = new Selection(bench, $("verbs"), form);
explaining(selection);
const stage = new Stage({ bench, form, draft, painted, selection });
new Staging(bench, stage);
new Lightbox($("lightbox"), bench, selection, looking($("lightbox")));
const live = new Live(bench.dataset.work, { link: $("link"), waiting: $("waiting"), announce: $("announce"), ended });
const sketching = new Sketching($("sketching"), form, sketch);
importing($("import"), bench, draft);
nearest(form, $("taken"));
putting(form, $("drawings-found"));

/** A sketch shows the pictures of the run before it until it has its own. */
function sketch(request) {
  return ask(new Card(request, "", document.querySelector("#runs > .run")), form);
}

function ended(end, run) {
  grow(bench.dataset.work);
  sketching.ended(end, run);
}

const generate = (request, button) => asked(request, { button, form, live, work: bench.dataset.work });

let masking = null; // the canvas, fetched when it is first opened

/** Paint over what is to change of a revision, then ask for it. */
async function paint(button, { id, number }) {
  const named = fill(words.revision, { n: number });
  if (!masking) {
    const { Masking } = await during(button, import("./masking.js"));
    const { work } = bench.dataset;
    const inpaint = (mask, revision) =>
      generate({ ...read(form), verb: "inpaint", mask, parents: [{ revision, role: "inpaint" }] }, button);
    masking = new Masking($("mask"), { work, form, draft, painted, generate: inpaint });
  }
  masking.open(id, named);
}

let framing = null; // where a picture is gone on with, fetched when it is first opened

/** Say how much is to be added around a revision, then ask for it. */
async function extend(button, { id, number }) {
  if (!framing) {
    const { Framing } = await during(button, import("./framing.js"));
    const outpaint = (frame, revision) =>
      generate({ ...read(form), verb: "outpaint", frame, parents: [{ revision, role: "outpaint" }] }, button);
    framing = new Framing($("outpaint"), { form, generate: outpaint });
  }
  framing.open(id, fill(words.revision, { n: number }));
}

let grafting = null; // what a picture is put together from, fetched when it is first opened

/** Say which pictures a new one is put together from, then ask for it. */
async function graft(button, { id }, request) {
  if (!grafting) {
    const { Grafting } = await during(button, import("./grafting.js"));
    grafting = new Grafting($("graft"), { work: bench.dataset.work });
  }
  grafting.generate = (parents) => generate({ ...request, parents }, button);
  await during(button, grafting.open(id, form.dataset.base));
}

/** A verb on a revision. Vary, reroll and finish take the parent's brief, finish its seed too; refine brings the parent towards the one on the bench. */
function perform(button) {
  const parent = button.dataset.of === "stage" ? form.dataset.base : selection.revision?.id;
  const { verb, strength } = button.dataset;
  const { count, ...state } = read(form);
  const request = { verb, count: counted(button, count), parents: [{ revision: parent, role: verb }], ...(strength ? { strength } : {}) };
  if (takes(button, "mask")) return paint(button, selection.revision);
  if (takes(button, "frame")) return extend(button, selection.revision);
  if (button.dataset.sources) return graft(button, selection.revision, request);
  if ("ownEngine" in button.dataset) return settings($(verb), (params) => generate({ ...request, params }, button));
  generate("bench" in button.dataset ? { ...state, ...request } : request, button);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  generate({ verb: "create", ...read(form) }, form.querySelector("[type=submit]"));
});

document.addEventListener("submit", async (event) => {
  if (event.target.matches("[data-again]")) {
    event.preventDefault();
    generate(nested(new FormData(event.target)), event.target.querySelector("button"));
  } else if (event.target.matches("[data-settle]")) settled(event, draft);
});

bench.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-verb], [data-example], [data-compare], [data-back]");
  if (!button) return;
  if (button.getAttribute("aria-disabled") === "true") complain(button.title);
  else if (button.dataset.verb) perform(button);
  else if ("compare" in button.dataset) compare($("compare"), selection);
  else if ("back" in button.dataset) await during(button, back(form, draft));
  else typeIn(form, "intent", button.textContent).focus();
});

document.addEventListener("htmx:after:swap", ({ target }) => {
  if (!target.closest?.("article")) return;
  grow(bench.dataset.work); // a pick was made or taken back
  stage.show();
});
