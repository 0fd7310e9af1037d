// A tune on its staves: where each note and bar stands, which notes sound, and the band around the chosen bars.
import { drawable, engrave } from "./engraver.js";

const SVG = "http://www.w3.org/2000/svg";
const NARROW = 460; // px below which lines break where there is room, not where the text breaks them
const EASE = 6; // px that a band and the cursor reach beyond the staff

const shape = (name, attributes) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

export class Score {
  tune = null;
  notes = []; // {start, end, x, line, nodes}, in the order of the text
  parts = []; // of a line between two bar lines: {start, end (of its first note), line, left, right, top, bottom}
  bars = []; // {number, start, end}, UTF-16 units of the text
  #sounding = [];
  #band = null; // a group under the notes
  #cursor = null;

  constructor(host, { scale = 1, tempo = true } = {}) {
    Object.assign(this, { host, scale, tempo });
  }

  get svg() {
    return this.host.querySelector("svg");
  }

  /** Draw `text`. False when there is nothing to draw: then the host is empty. */
  draw(text) {
    const width = this.host.clientWidth;
    Object.assign(this, { tune: null, notes: [], parts: [], width });
    this.#sounding = [];
    this.#band = this.#cursor = null;
    if (!drawable(text) || !width) {
      this.host.replaceChildren();
      return false;
    }
    const wrap = width / this.scale < NARROW ? (width / this.scale < NARROW * 0.75 ? 2 : 3) : 0;
    this.tune = engrave(this.host, text, { width, scale: this.scale, tempo: this.tempo, wrap });
    if (this.tune) this.#survey();
    return this.tune !== null;
  }

  /** Where everything stands, in the drawing's own units. */
  #survey() {
    let line = -1;
    for (const { staff, staffGroup } of this.tune.lines) {
      if (!staff || !staffGroup) continue;
      line += 1;
      const [first, last] = [staffGroup.staffs[0], staffGroup.staffs.at(-1)];
      const top = first.topLine - EASE * 2;
      const bottom = last.bottomLine + EASE * 2;
      for (const [at, voice] of staff.flatMap((one) => one.voices).entries()) this.#voice(voice, { line, top, bottom }, at === 0);
    }
    this.notes.sort((one, other) => one.start - other.start);
    const layer = this.svg.insertBefore(shape("g", { class: "bands" }), this.svg.firstChild);
    this.#band = layer;
    this.#cursor = this.svg.insertBefore(shape("rect", { class: "playhead", width: 2, rx: 1, visibility: "hidden" }), layer.nextSibling);
  }

  #voice(voice, { line, top, bottom }, leading) {
    let left = null;
    let first = null;
    for (const { el_type: kind, startChar, endChar, abselem } of voice) {
      if (!abselem) continue;
      if (kind === "note") {
        this.notes.push({
          start: startChar,
          end: endChar,
          x: abselem.x,
          width: abselem.w,
          line,
          top,
          bottom,
          nodes: abselem.elemset ?? [],
        });
        left ??= abselem.x - EASE;
        first ??= { start: startChar, end: endChar };
      } else if (kind === "bar") {
        if (leading && first) this.parts.push({ ...first, line, left, right: abselem.x + abselem.w / 2, top, bottom });
        left = abselem.x + abselem.w / 2;
        first = null;
      }
    }
    if (leading && first)
      this.parts.push({ ...first, line, left, right: this.notes.at(-1).x + this.notes.at(-1).width + EASE, top, bottom });
  }

  /** The bar that a part of a line shows, or null. A note's place may begin with what stands before it: touching is enough. */
  barOf(part) {
    return this.bars.find(({ start, end }) => start < part.end && part.start < Math.max(end, start + 1)) ?? null;
  }

  /** The note that is written at a place in the text, or null. */
  noteAt(offset) {
    return this.notes.find(({ start, end }) => start <= offset && offset < end) ?? null;
  }

  /** What lies under a point of the window: {bar, note, part}, or null beside the staves. */
  under(x, y) {
    if (!this.svg) return null;
    const point = new DOMPoint(x, y).matrixTransform(this.svg.getScreenCTM().inverse());
    const lines = [...new Map(this.parts.map((part) => [part.line, part])).values()];
    if (!lines.length) return null;
    const away = (part) => Math.max(part.top - point.y, point.y - part.bottom, 0);
    const row = lines.reduce((near, part) => (away(part) < away(near) ? part : near));
    if (away(row) > row.bottom - row.top) return null;
    const inRow = this.parts.filter((part) => part.line === row.line);
    const part = inRow.find(({ right }) => point.x <= right) ?? inRow.at(-1);
    const near = this.notes.filter(({ line, x: at }) => line === row.line && at >= part.left && at <= part.right);
    const note = near.reduce((best, one) => (!best || Math.abs(one.x - point.x) < Math.abs(best.x - point.x) ? one : best), null);
    return { part, note, bar: this.barOf(part) };
  }

  /** The bar on the staff above (-1) or below (1) that stands nearest to `bar`. */
  beyond(bar, step) {
    const here = this.parts.find((part) => this.barOf(part) === bar);
    const row = here ? this.parts.filter((part) => part.line === here.line + step) : [];
    const middle = here ? (here.left + here.right) / 2 : 0;
    const best = row.reduce(
      (near, part) =>
        !near || Math.abs(middle - (part.left + part.right) / 2) < Math.abs(middle - (near.left + near.right) / 2) ? part : near,
      null,
    );
    return best ? this.barOf(best) : null;
  }

  /** A band around bars `first` to `last` (numbers), with a bracket so that it is not told by colour alone. */
  choose(first, last) {
    if (!this.#band) return;
    this.#band.replaceChildren();
    if (first === null) return;
    const chosen = this.parts.filter((part) => {
      const bar = this.barOf(part);
      return bar && bar.number >= first && bar.number <= last;
    });
    const rows = Map.groupBy ? Map.groupBy(chosen, (part) => part.line) : grouped(chosen);
    for (const row of rows.values()) {
      const [left, right, { top, bottom }] = [
        Math.min(...row.map((part) => part.left)),
        Math.max(...row.map((part) => part.right)),
        row[0],
      ];
      this.#band.append(
        shape("rect", { class: "band", x: left, y: top, width: right - left, height: bottom - top, rx: 4 }),
        shape("path", {
          class: "brackets",
          d: `M${left + 5} ${top}H${left}V${bottom}H${left + 5}M${right - 5} ${top}H${right}V${bottom}H${right - 5}`,
        }),
      );
    }
  }

  /** The notes at these places in the text sound now; the playhead stands at the first of them. */
  sound(offsets) {
    for (const node of this.#sounding) node.classList.remove("sounding");
    const notes = offsets.map((offset) => this.noteAt(offset)).filter(Boolean);
    this.#sounding = notes.flatMap(({ nodes }) => nodes);
    for (const node of this.#sounding) node.classList.add("sounding");
    const [note] = notes;
    if (!this.#cursor) return null;
    if (!note) {
      this.#cursor.setAttribute("visibility", "hidden");
      return null;
    }
    for (const [name, value] of Object.entries({
      x: note.x + note.width / 2 - 1,
      y: note.top,
      height: note.bottom - note.top,
      visibility: "visible",
    }))
      this.#cursor.setAttribute(name, value);
    return this.#cursor;
  }

  /** The note that the caret of the source stands at is marked. */
  mark(offset) {
    this.svg?.querySelector(".at-caret")?.classList.remove("at-caret");
    if (offset !== null) this.noteAt(offset)?.nodes[0]?.classList.add("at-caret");
  }
}

function grouped(parts) {
  const rows = new Map();
  for (const part of parts) rows.set(part.line, [...(rows.get(part.line) ?? []), part]);
  return rows;
}
