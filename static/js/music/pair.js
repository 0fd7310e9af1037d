// Two tunes as one score: columns of bars (what stands in the same place in both), a staff for each tune, in ABC.
import { engrave } from "./engraver.js";

const SVG = "http://www.w3.org/2000/svg";
const SIGNS = { change: "≠", insert: "+", delete: "−", move: "↕" };
const VOICES = ["a", "b"];
const CLEF = 76; // px at the left that clef and key take
const NOTE = 21; // px that a note wants at least
const MOST = 8; // bars on a line
const EASE = 9; // px that a band reaches beyond its staff

const shape = (name, attributes, text = "") => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
const fraction = (text) =>
  text
    .split("/")
    .map(Number)
    .reduce((above, below) => above / below);
const busy = ({ a, b }) => 2 + Math.max(a.notes ?? 1, b.notes ?? 1);

/** Where a note is written: abcjs counts the space before the first one of a bar as its own. */
export function written(text, at) {
  while (/\s/.test(text[at] ?? "")) at += 1;
  return at;
}

/** Which columns stand on which line, for so many px: [[first, after the last], …]; as few lines as can be, alike full. */
export function lines(columns, width) {
  let [low, high] = [1, Math.max(6, (width - CLEF) / NOTE)];
  const most = filled(columns, high).length;
  for (let round = 0; round < 8; round += 1) {
    const middle = (low + high) / 2;
    if (filled(columns, middle).length > most) low = middle;
    else high = middle;
  }
  return filled(columns, high);
}

function filled(columns, room) {
  const found = [];
  let [start, taken] = [0, 0];
  for (const [at, column] of columns.entries()) {
    const wants = busy(column);
    if (at > start && (taken + wants > room || at - start === MOST)) {
      found.push([start, at]);
      [start, taken] = [at, 0];
    }
    taken += wants;
  }
  return columns.length ? [...found, [start, columns.length]] : found;
}

/** The bar line between a bar and the next one of the same tune. */
function barLine(cell, next) {
  if (cell.repeats) return next?.begins ? "::" : ":|";
  if (next?.begins) return "|:";
  return cell.last ? "|]" : cell.double ? "||" : "|";
}

/** One tune's part of a line, from `offset` on; `places` hears where each column's bar stands. */
function part(columns, [first, end], voice, offset, places) {
  const cells = columns.slice(first, end).map((column) => column[voice]);
  const before = columns.slice(0, first).findLast((column) => !column[voice].rest)?.[voice];
  const some = cells.find((cell) => !cell.rest) ?? before ?? columns.find((column) => !column[voice].rest)?.[voice] ?? {};
  let text = `[V:${voice}] [K:${some.key ?? "C"}] ${cells[0].begins ? "|: " : ""}`;
  let { metre, unit, key } = { metre: before?.metre, unit: "1/8", key: some.key };
  for (const [at, cell] of cells.entries()) {
    if (!cell.rest) {
      if (cell.key !== key) text += `[K:${cell.key}]`;
      if (cell.metre !== metre) text += `[M:${cell.metre}]`;
      if (cell.unit !== unit) text += `[L:${cell.unit}]`;
      ({ key, metre, unit } = cell);
      if (cell.endings) text += `[${cell.endings} `;
    }
    const bar = cell.rest ? `x${Math.round((fraction(cell.rest) / fraction(unit)) * 16)}/16` : cell.text;
    places.push({ voice, column: first + at, start: offset + text.length, end: offset + text.length + bar.length });
    text += `${bar} ${barLine(cell, at + 1 < cells.length ? cells[at + 1] : null)} `;
  }
  return `${text}\n`;
}

/** A line in ABC, and where each bar stands in it. */
export function composed(columns, range) {
  const places = [];
  let text = "X:1\nL:1/8\nV:a\nV:b\nK:C\n";
  for (const voice of VOICES) text += part(columns, range, voice, text.length, places);
  return { text, places };
}

/** A line of the score, drawn into `host`: where its columns and notes stand. */
export class PairLine {
  drawn = false;
  #notes = new Map(); // place in the text → nodes
  #boxes = new Map(); // column → {left, right}
  #staves = []; // {top, bottom}
  #chosen = null;
  #sounding = [];

  /** `range`: [first column, after the last one]. */
  constructor(host, columns, range, { names, scale }) {
    Object.assign(this, { host, columns, range, names, scale });
  }

  get changed() {
    return this.columns.slice(...this.range).some(({ op }) => op !== "equal");
  }

  draw() {
    if (this.drawn) return;
    this.drawn = true;
    const { text, places } = composed(this.columns, this.range);
    const tune = engrave(this.host, text, { width: this.host.clientWidth, scale: this.scale });
    if (!tune) return;
    Object.assign(this, { text, places });
    const { staff, staffGroup } = tune.lines.find((line) => line.staff && line.staffGroup) ?? {};
    this.#staves = staffGroup.staffs.map(({ topLine, bottomLine }) => ({ top: topLine - EASE, bottom: bottomLine + EASE }));
    for (const voice of staff.flatMap(({ voices }) => voices)) this.#survey(voice);
    const svg = this.host.querySelector("svg");
    const layer = svg.insertBefore(shape("g", { class: "bands" }), svg.firstChild);
    for (const [column, box] of this.#boxes) this.#mark(layer, column, box);
    this.#chosen = layer.appendChild(shape("rect", { class: "chosen", rx: 4, visibility: "hidden" }));
  }

  /** Which notes stand where, and how far each column reaches. */
  #survey(voice) {
    let left = null;
    let place = null;
    for (const { el_type: kind, startChar, abselem } of voice) {
      if (!abselem) continue;
      if (kind === "note") {
        const at = written(this.text, startChar);
        place ??= this.places.find(({ start, end }) => at >= start && at < end) ?? null;
        left ??= abselem.x - 8;
        this.#notes.set(at, abselem.elemset ?? []);
      } else if (kind === "bar") {
        const right = abselem.x + (abselem.w ?? 0) / 2;
        if (place) {
          const box = this.#boxes.get(place.column);
          this.#boxes.set(place.column, { left: Math.min(left, box?.left ?? left), right: Math.max(right, box?.right ?? right) });
        }
        [left, place] = [right, null];
      }
    }
  }

  #mark(layer, column, { left, right }) {
    const { op, a, b, end } = this.columns[column];
    const upper = op !== "insert" && end !== "to";
    const lower = op !== "delete" && end !== "from";
    const { top } = this.#staves[upper ? 0 : 1];
    const { bottom } = this.#staves[lower ? 1 : 0];
    if (op !== "equal") {
      layer.append(shape("rect", { class: `band ${op}`, x: left, y: top, width: right - left, height: bottom - top, rx: 4 }));
      layer.append(shape("text", { class: `sign ${op}`, x: left + 2, y: top - 2 }, SIGNS[op]));
    }
    for (const [at, cell] of [a, b].entries()) {
      const { top: above, bottom: below } = this.#staves[at];
      if (column !== this.range[0]) continue;
      layer.append(shape("text", { class: "name", x: -14, y: (above + below) / 2 + 6 }, this.names[at]));
      if (cell.number > 1) layer.append(shape("text", { class: "number", x: 0, y: above - 3 }, cell.number));
    }
  }

  /** The column under a point of the window, or null. */
  under(x, y) {
    const matrix = this.host.querySelector("svg")?.getScreenCTM();
    if (!matrix) return null;
    const point = new DOMPoint(x, y).matrixTransform(matrix.inverse());
    return [...this.#boxes].find(([, { left, right }]) => point.x >= left && point.x < right)?.[0] ?? null;
  }

  /** A frame around a column, or none. */
  choose(column) {
    const box = this.#boxes.get(column);
    this.#chosen?.setAttribute("visibility", box ? "visible" : "hidden");
    if (!box) return;
    const { top } = this.#staves[0];
    const frame = { x: box.left, y: top - 3, width: box.right - box.left, height: this.#staves[1].bottom - top + 6 };
    for (const [name, value] of Object.entries(frame)) this.#chosen.setAttribute(name, value);
  }

  /** The note of `voice` that is written `at` code units into the bar of a column sounds. */
  sound(column, voice, at) {
    for (const node of this.#sounding) node.classList.remove("sounding");
    const place = this.places?.find((one) => one.column === column && one.voice === voice);
    this.#sounding = (place && this.#notes.get(place.start + at)) || [];
    for (const node of this.#sounding) node.classList.add("sounding");
  }
}
