// Two tunes compared: drawn line by line as they come into sight, played one after the other, from a bar or for one change.
import { parsed } from "./engraver.js";
import { lines, PairLine, written } from "./pair.js";
import { performed, spanOf } from "./performance.js";
import { Player } from "./player.js";

const NARROW = 560; // px below which notes are drawn smaller
const BREATH = 500; // ms between one tune and the other
const section = document.querySelector(".tune-diff");
const host = section.querySelector(".staves");
const data = JSON.parse(section.querySelector("script").textContent);
const output = section.querySelector("output");
const plays = [...section.querySelectorAll("[data-play]")];
const { columns } = data;
let drawn = []; // PairLine
let chosen = null; // a column to listen from
let queue = []; // [{voice, from, to}], columns
let now = null;
let resting = 0;
let width = 0;

/** Code points to UTF-16 units, which abcjs counts in. */
function units(text) {
  const pairs = [...text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)].map(({ index }, at) => index - at);
  return (point) => point + pairs.filter((pair) => pair < point).length;
}
for (const voice of ["a", "b"]) {
  const unit = units(data[voice]);
  for (const column of columns) {
    const cell = column[voice];
    if (!cell.rest && cell.start !== null) [cell.start, cell.end] = [unit(cell.start), unit(cell.end)];
  }
}

const music = Object.fromEntries(["a", "b"].map((voice) => [voice, null]));
const heard = (voice) => (music[voice] ??= performed(parsed(data[voice])));

const seer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) lineOf(target).draw();
  },
  { root: host, rootMargin: "600px" },
);
const lineOf = (element) => drawn.find((line) => line.host === element);
const lineAt = (column) => drawn.find(({ range: [first, end] }) => column >= first && column < end);

function layOut() {
  if (host.clientWidth === width) return;
  width = host.clientWidth;
  seer.disconnect();
  const style = getComputedStyle(host);
  const inner = width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const scale = inner < NARROW ? 0.78 : 1;
  drawn = lines(columns, inner / scale).map((range) => {
    const element = document.createElement("div");
    element.className = "line";
    element.id = `bar-${range[0]}`;
    return new PairLine(element, columns, range, { names: data.names, scale });
  });
  for (const line of drawn) line.host.classList.toggle("changed", line.changed);
  host.replaceChildren(...drawn.map((line) => line.host));
  for (const line of drawn) seer.observe(line.host);
}

function show(column) {
  const line = lineAt(column);
  line?.host.scrollIntoView({ block: "nearest", behavior: "instant" });
  line?.draw();
  return line;
}

function choose(column) {
  if (chosen !== null) lineAt(chosen)?.choose(null);
  chosen = column;
  output.textContent = "";
  if (column === null) return;
  show(column)?.choose(column);
  const { a, b } = columns[column];
  output.textContent = section.dataset.from.replace("$", (a.rest ? b : a).number);
}

/** When the bars of `voice` from column `from` to `to` sound, in seconds: [begin, end], or null. */
function span({ voice, from, to }) {
  const cells = columns
    .slice(from, to)
    .map((column) => column[voice])
    .filter((cell) => !cell.rest && cell.end !== undefined);
  const all = heard(voice);
  if (!cells.length || !all) return null;
  if (to === columns.length) return [spanOf(all, cells[0].start ?? 0, cells[0].end)?.[0] ?? 0, all.length];
  return spanOf(all, cells[0].start ?? 0, cells.at(-1).end);
}

function next() {
  clearTimeout(resting);
  now = queue.shift() ?? null;
  const bounds = now && span(now);
  if (now && !bounds) return next();
  tell();
  if (!now) return;
  const [begin, end] = bounds;
  const notes = music[now.voice].notes.filter(({ start }) => start >= begin - 0.001 && start < end - 0.001);
  player.put({ notes: notes.map((note) => ({ ...note, start: note.start - begin })), length: end - begin });
  player.play();
}

function stop() {
  [queue, now] = [[], null];
  clearTimeout(resting);
  player.stop();
  for (const line of drawn) line.sound(-1, "a", 0);
  tell();
}

function listen(what, button) {
  const again = now?.button === button;
  stop();
  if (again) return;
  queue = what.map((one) => ({ ...one, button }));
  next();
}

function tell() {
  for (const button of section.querySelectorAll("[data-play], [data-hear]")) button.ariaPressed = String(now?.button === button);
}

const player = new Player(section.dataset.sounds, (what, value) => {
  if (what === "state" && !player.playing && now) {
    clearTimeout(resting);
    resting = setTimeout(next, queue.length ? BREATH : 0);
  }
  if (what !== "notes" || !now) return;
  const { voice } = now;
  for (const line of drawn) line.sound(-1, voice, 0);
  for (const place of value) {
    const offset = written(data[voice], place);
    const column = columns.findIndex(({ [voice]: cell }) => !cell.rest && cell.start !== null && offset >= cell.start && offset < cell.end);
    if (column >= 0) show(column)?.sound(column, voice, offset - columns[column][voice].start);
  }
});

function nextChange(step) {
  const changed = columns.map(({ op }, at) => (op !== "equal" && columns[at - 1]?.op !== op ? at : -1)).filter((at) => at >= 0);
  const here = chosen ?? (step > 0 ? -1 : columns.length);
  const to = step > 0 ? changed.find((at) => at > here) : changed.findLast((at) => at < here);
  if (to !== undefined) choose(to);
}

for (const button of plays) {
  button.addEventListener("click", () => {
    const from = chosen ?? 0;
    listen(
      [...button.dataset.play].map((voice) => ({ voice, from, to: columns.length })),
      button,
    );
  });
}
section.querySelector(".changes-of-tune")?.addEventListener("click", (event) => {
  const item = event.target.closest("li");
  const from = Number(item?.dataset.at);
  const hear = event.target.closest("[data-hear]");
  if (hear)
    listen(
      ["a", "b"].map((voice) => ({ voice, from, to: from + Number(item.dataset.size) })),
      hear,
    );
  else if (event.target.closest("a")) {
    event.preventDefault();
    choose(from);
  }
});
section.querySelector("[data-only]").addEventListener("click", ({ currentTarget }) => {
  currentTarget.ariaPressed = String(host.classList.toggle("only"));
});
for (const button of section.querySelectorAll(".play [data-next]"))
  button.addEventListener("click", () => nextChange(Number(button.dataset.next)));

host.addEventListener("click", (event) => {
  const column = lineOf(event.target.closest(".line"))?.under(event.clientX, event.clientY) ?? null;
  choose(column === chosen ? null : column);
});
host.addEventListener("keydown", (event) => {
  const at = chosen ?? -1;
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: columns.length - 1 }[event.key];
  if (event.key === "Escape") {
    stop();
    choose(null);
  } else if (event.key === "Enter" || event.key === " ") plays.at(-1).click();
  else if (to !== undefined) choose(Math.max(0, Math.min(columns.length - 1, to)));
  else return;
  event.preventDefault();
});

if (columns.length) {
  for (const late of section.querySelectorAll("[data-late]")) late.removeAttribute("data-late");
  new ResizeObserver(layOut).observe(host);
  layOut();
}
