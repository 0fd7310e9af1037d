// The music bench: the score and its source, the player, the brief, and the engines' variants, put together.
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
import { Desk } from "../bench/workspace.js";
import { Section, listen, oneAtATime } from "./audio.js";
import { autosave } from "./autosave.js";
import { Checking } from "./checking.js";
import { drawing, file } from "./files.js";
import { Looking } from "./looking.js";
import { Recording } from "./recording.js";
import { Score } from "./score.js";
import { Selecting } from "./selecting.js";
import { Sheet } from "./sheet.js";
import { Source } from "./source.js";
import { Stage } from "./stage.js";
import { Transport } from "./transport.js";
import { showing, textOf, whole } from "./variants.js";
import { Verbs } from "./verbs.js";
import { during } from "../shared/busy.js";
import { words } from "../shared/words.js";

const UNFOLDED = "stemma:source"; // "yes" when the artist left the source open
const $ = (id) => document.getElementById(id);
const bench = $("main");
const form = $("brief");
const figure = $("base");
const { work } = bench.dataset;

enliven(form);
const source = new Source($("source"));
const draft = autosave(source, form, { status: $("saved"), prompt: $("prompt"), dialog: conflict($("conflict"), form) });
const transport = new Transport($("player"));
const score = new Score($("score"));
let recording = null; // what lies on the stage, where it is one
let section = null; // what of it is chosen
record($("recording"));
const selecting = new Selecting(score, { announce: $("announce"), heard: chose });
const selection = new Selection(bench, $("verbs"), form);
explaining(selection);
const looking = new Looking($("lightbox"), transport, () => hear(selection.chosen));
new Lightbox($("lightbox"), bench, selection, looking);
const live = new Live(work, { link: $("link"), waiting: $("waiting"), announce: $("announce"), ended: () => grow(work) });
const generate = (request, button) => asked(request, { button, form, live, work });
const desk = new Desk({ work, form, editor: source, draft, changed: () => grow(work) });
new Staging(bench, new Stage({ work, figure, desk, toolbar: $("verbs"), shown: restage }));
const verbs = new Verbs({ bench, form, source, desk, selection, selecting, section, generate });
const sheet = new Sheet(figure, source, score, drawn);
new Checking($("checks"), source, (found) => {
  score.bars = found.bars;
  selecting.show();
});
oneAtATime(() => transport.playing && transport.toggle());
showing(bench);
importing($("import"), bench, draft);
stand();

/** The sheet was drawn: what is chosen and where the caret is are shown in it again. */
function drawn() {
  selecting.show();
  score.mark(source.caret);
  transport.changed();
}

/** This recording lies on the stage, or none. */
function record(element) {
  recording = element && new Recording(element);
  section = recording && new Section(recording, { announce: $("announce"), chose: offer, trimmed: instead });
}

/** Something else lies on the stage. */
function restage(element) {
  record(element);
  verbs.section = section;
  if (selection.chosen === figure) selection.select(figure);
  else stand();
}

/** Go on from a revision that is drawn otherwise than what lies there: notes and recordings have each a sheet of their own. */
async function instead(revision, button) {
  if (await desk.goOn(revision, button)) location.reload();
}

/** Bars were chosen, or a note was pressed. */
function chose(kind, what) {
  if (kind === "note") return source.select(what.start, what.end, { focus: false });
  offer();
  transport.changed();
}

/** What is selected is what the player plays and the verbs work on. */
function stand() {
  const chosen = selection.chosen ?? figure;
  offer();
  if (chosen.dataset.kind === "sound") return transport.leave();
  if (chosen.matches(".coming") || (chosen !== figure && !chosen.querySelector(".score"))) return;
  if (chosen === figure) {
    transport.stand({
      id: "sheet",
      score,
      named: figure.dataset.named,
      text: () => source.text,
      whole: () => !sheet.part,
      range: () => selecting.range,
    });
  } else {
    transport.stand({
      id: chosen.dataset.revision,
      score: looking.scoreOf(chosen),
      named: selection.named,
      text: () => textOf(chosen),
      whole: () => !("cut" in chosen.dataset),
      range: () => null,
    });
  }
}

function offer() {
  const button = $("verbs").querySelector("[data-verb=replace]");
  const onSheet = (selection.chosen ?? figure) === figure;
  const part = section ?? selecting;
  const chosen = section ? section.range : selecting.bars;
  button.hidden = !onSheet;
  button.querySelector(".word").textContent = chosen ? button.dataset.these.replace("{bars}", part.words) : button.dataset.none;
  if (onSheet && !chosen) {
    button.setAttribute("aria-disabled", "true");
    button.title = button.dataset.unchosen;
  } else if (button.title === button.dataset.unchosen) {
    button.removeAttribute("aria-disabled");
    button.title = "";
  }
  button.classList.toggle("act", onSheet && Boolean(chosen));
}

source.on("selection", () => score.mark(source.caret));
source.on("change", () => (figure.dataset.obstacle = source.text.trim() ? "" : words.sheet.empty));
document.addEventListener("stemma:selected", stand);
score.host.addEventListener("focus", () => selection.chosen !== figure && selection.select(figure));

form.addEventListener("change", offer);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  generate({ verb: "create", ...read(form) }, form.querySelector("[type=submit]"));
});

document.addEventListener("submit", async (event) => {
  const { target, submitter } = event;
  if (target.matches("[data-again]")) {
    event.preventDefault();
    const { form: kept = null, place = {} } = JSON.parse(target.dataset.again || "{}");
    generate({ ...nested(new FormData(target)), ...(kept ? { form: kept } : {}), ...place }, submitter);
  } else if (target.matches("[data-go-on]")) {
    event.preventDefault();
    if (submitter.ariaDisabled === "true") return complain(submitter.title);
    if (recording || selection.chosen.dataset.kind === "sound") return instead(selection.revision, submitter);
    if (!(await desk.goOn(selection.revision, submitter))) return;
    selection.select(figure);
    score.host.focus();
  } else if (target.matches("[data-settle]")) settled(event, draft);
});

bench.addEventListener("click", async ({ target }) => {
  const button = target.closest(
    "[data-verb], [data-hear], [data-example], [data-compare], [data-back], [data-file], [data-drawing], [data-print]",
  );
  if (!button) return;
  const { verb } = button.dataset;
  if (button.ariaDisabled === "true") complain(button.title);
  else if (verb) verbs.perform(button);
  else if ("hear" in button.dataset) hear(button.closest("article"));
  else if ("compare" in button.dataset) verbs.compare();
  else if ("back" in button.dataset) await during(button, back(form, draft));
  else if ("example" in button.dataset) example(button);
  else save(button);
});

/** Play a variant, or pause it; a long one is fetched whole first. */
async function hear(article) {
  if (selection.chosen !== article) selection.select(article);
  if (article.querySelector("audio")) return listen(article);
  await whole(article);
  transport.toggle();
}

/** A file of what is selected. */
async function save(button) {
  const { file: kind, drawing: draws } = button.dataset;
  const onSheet = (selection.chosen ?? figure) === figure && !recording;
  if (recording || selection.chosen?.dataset.kind === "sound") return file(selection.revision.id, kind);
  const text = onSheet ? source.text : await whole(selection.chosen);
  const name = figure.querySelector("h2").textContent;
  if (draws !== undefined) return void (drawing(text, name) || complain(words.sheet.empty));
  if (!kind) return print();
  const revision = onSheet ? await desk.revision(button) : selection.revision.id;
  if (revision) file(revision, kind);
}

// Who unfolds the source wants to write in it; whether it is unfolded is remembered.
const fold = $("source-fold");
fold.open = localStorage.getItem(UNFOLDED) === "yes";
fold.querySelector("summary").addEventListener("click", () =>
  setTimeout(() => {
    localStorage.setItem(UNFOLDED, fold.open ? "yes" : "no");
    if (fold.open) source.focus();
  }),
);

/** An idea to begin with. */
function example(button) {
  typeIn(form, "intent", button.textContent).focus();
}

// Space plays what is selected, unless it means something where the focus is.
document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (
    event.key !== " " ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.shiftKey ||
    event.defaultPrevented ||
    document.querySelector("dialog[open], :popover-open")
  )
    return;
  if (document.documentElement.dataset.keys === "off" || target.matches("input, textarea, select, summary, a, audio, button:not(.look)"))
    return;
  event.preventDefault();
  if (event.repeat) return;
  const chosen = selection.chosen ?? figure;
  if (recording && chosen === figure) recording.toggle();
  else if (chosen.querySelector("audio")) chosen.querySelector("[data-hear]")?.click();
  else if (chosen !== figure && chosen.matches(".tune:not(.coming)")) hear(chosen);
  else transport.toggle();
});
document.addEventListener("keyup", (event) => event.key === " " && event.target.matches?.(".look") && event.preventDefault());

document.addEventListener("stemma:playing", ({ detail: { playing, id } }) => {
  for (const button of bench.querySelectorAll("[data-hear]")) {
    const now = playing && button.closest("article").dataset.revision === id;
    button.ariaPressed = String(now);
  }
});

document.addEventListener("htmx:after:swap", ({ target }) => {
  if (target.closest?.("article")) grow(work); // a pick was made or taken back
});
