// Painting what is to change: a brush, an eraser, a rectangle and a lasso over the picture, by pointer, pen, touch or keys.
// Loaded when it is first opened. What is painted goes to the studio at every pause and is named by the draft.
import { typeIn } from "../bench/form.js";
import { fill, words } from "../shared/words.js";
import { rooted, told } from "../shared/http.js";
import { MaskCanvas, png } from "./mask-canvas.js";

const PAUSE = 400; // ms after an act
const AGAIN = 3000; // ms after the studio did not answer
const FARTHEST = 16; // times as large as it fits
const SHARE = 64; // pixels of the small copy whose mean is told
const STEP = 0.02; // of the picture's longer side that an arrow goes
const TOOLS = { b: "brush", e: "eraser", r: "rectangle", l: "lasso" };

export class Masking {
  #view = { x: 0, y: 0, zoom: 1 };
  #pointers = new Map(); // those that are down
  #act = null; // what is being painted
  #corners = null; // of a rectangle or a lasso by keys
  #spaced = false; // the space bar is held: the picture is moved about
  #timer = 0;
  #sending = Promise.resolve();
  #sent = null; // how many acts the mask that the studio has was made of
  #opened = null; // {revision, width, height}

  /** `painted` names the mask in the draft, `generate(mask, revision, button)` asks for what should come. */
  constructor(dialog, { work, form, draft, painted, generate }) {
    Object.assign(this, { dialog, work, form, draft, painted, generate });
    const part = (name) => dialog.querySelector(name);
    Object.assign(this, { ground: part(".ground"), sheet: part(".sheet"), image: part("img"), cursor: part(".cursor") });
    Object.assign(this, { status: part("[role=status]"), wrong: part(".wrong"), intent: part("textarea") });
    this.mask = new MaskCanvas(part("canvas"), 1, 1);
    this.ground.addEventListener("pointerdown", (event) => this.#down(event));
    this.ground.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.ground.addEventListener(end, (event) => this.#up(event));
    this.ground.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.ground.addEventListener("focus", () => this.#hover());
    dialog.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("keyup", ({ key }) => key === " " && this.#hold(false));
    dialog.addEventListener("click", ({ target }) => this.#do(target.closest("[data-do]")?.dataset.do));
    dialog.addEventListener("input", ({ target }) => this.#input(target));
    dialog.addEventListener("cancel", (event) => {
      if (!this.#corners) return;
      event.preventDefault(); // Escape lets the shape go first
      this.#drop();
    });
    dialog.addEventListener("close", () => this.#save());
    part("form").addEventListener("submit", (event) => this.#submit(event));
    new ResizeObserver(() => dialog.open && this.#fit()).observe(this.ground);
  }

  /** Paint over the picture of a revision, going on from what the draft has of it. */
  async open(revision, named) {
    clearTimeout(this.#timer);
    this.dialog.querySelector("h2 span").textContent = named;
    this.intent.value = this.form.elements["brief.intent"].value;
    this.#say("");
    this.dialog.showModal();
    this.ground.focus();
    if (this.#opened?.revision === revision) return this.#fit();
    this.#opened = null;
    this.image.src = rooted(`/revisions/${revision}/content`);
    await this.image.decode();
    const { naturalWidth: width, naturalHeight: height } = this.image;
    this.mask = new MaskCanvas(this.mask.canvas, width, height);
    this.at = [width / 2, height / 2];
    this.mask.begin(await this.#kept(revision, width, height));
    this.#sent = this.mask.acts.at(-1) ?? null;
    this.#opened = { revision, width, height };
    this.#fit();
    this.#changed(false);
  }

  /** The mask that the draft names, if it lies over this picture. */
  async #kept(revision, width, height) {
    if (!this.painted.id || (this.painted.of ?? revision) !== revision) return null;
    const image = Object.assign(new Image(), { src: rooted(`/masks/${this.painted.id}/content`) });
    await image.decode().catch(() => {});
    return image.naturalWidth === width && image.naturalHeight === height ? image : null;
  }

  get #tool() {
    return this.dialog.querySelector("[name=tool]:checked").value;
  }

  get #size() {
    const { width, height } = this.mask;
    return (Number(this.dialog.querySelector("[name=size]").value) / 100) * Math.min(width, height);
  }

  get #feather() {
    const { width, height } = this.mask;
    return Math.round((Number(this.dialog.querySelector("[name=feather]").value) / 100) * Math.min(width, height));
  }

  // What is seen: the picture fits, and is `zoom` times larger around what is looked at.

  #fit() {
    this.#view = { x: 0, y: 0, zoom: 1 };
    this.#show();
  }

  get #scale() {
    const { clientWidth, clientHeight } = this.ground;
    return Math.min(clientWidth / this.mask.width, clientHeight / this.mask.height) * this.#view.zoom;
  }

  #show() {
    const { x, y } = this.#view;
    const scale = this.#scale;
    const [width, height] = [this.mask.width * scale, this.mask.height * scale];
    const left = (this.ground.clientWidth - width) / 2 + x;
    const top = (this.ground.clientHeight - height) / 2 + y;
    Object.assign(this.sheet.style, { width: `${width}px`, height: `${height}px`, translate: `${left}px ${top}px` });
    this.mask.canvas.style.filter = this.#feather ? `blur(${this.#feather * scale}px)` : "";
    this.dialog.querySelector("[name=zoomed]").value = `${Math.round(this.#view.zoom * 100)} %`;
    this.#hover();
  }

  /** Nearer or farther, so that the place at (x, y) of the window stays where it is. */
  #zoom(by, x, y) {
    const box = this.ground.getBoundingClientRect();
    const zoom = Math.min(FARTHEST, Math.max(1, this.#view.zoom * by));
    const much = zoom / this.#view.zoom;
    const [dx, dy] = [x - box.left - box.width / 2, y - box.top - box.height / 2];
    this.#view = { zoom, x: dx - (dx - this.#view.x) * much, y: dy - (dy - this.#view.y) * much };
    if (zoom === 1) this.#view = { x: 0, y: 0, zoom };
    this.#show();
  }

  #middle() {
    const { left, top, width, height } = this.ground.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  }

  #place({ clientX, clientY }) {
    const box = this.sheet.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * this.mask.width, ((clientY - box.top) / box.height) * this.mask.height];
  }

  /** The ring of the brush, or the cross of a corner, where it would paint. */
  #hover() {
    const [x, y] = this.at ?? [0, 0];
    const wide = ["brush", "eraser"].includes(this.#tool) ? this.#size * this.#scale : 9;
    Object.assign(this.cursor.style, { width: `${wide}px`, height: `${wide}px` });
    this.cursor.style.translate = `${x * this.#scale - wide / 2}px ${y * this.#scale - wide / 2}px`;
  }

  // Pointers: one paints, two zoom and move, one with the space bar moves.

  #down(event) {
    if (!this.#opened || event.button > 1) return;
    event.preventDefault();
    this.ground.focus();
    this.ground.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
    this.at = this.#place(event);
    if (this.#pointers.size > 1) return this.#abandon();
    if (this.#spaced || event.button === 1) return;
    const erase = this.#tool === "eraser";
    const paints = this.#tool === "brush" || erase;
    if (paints) this.#act = { kind: "stroke", erase, points: [this.#point(event)] };
    else this.#act = { kind: "area", erase: event.altKey, points: [this.at], from: this.at };
    if (paints) this.mask.add(this.#act);
    this.#hover();
  }

  #point(event) {
    const pressure = event.pointerType === "pen" ? Math.max(0.1, event.pressure * 1.5) : 1;
    return [...this.#place(event), this.#size * pressure];
  }

  #move(event) {
    if (!this.#opened) return;
    const before = this.#pointers.get(event.pointerId);
    if (before && (this.#pointers.size > 1 || !this.#act)) this.#pinch(before, event);
    if (before) this.#pointers.set(event.pointerId, event);
    this.at = this.#place(event);
    this.#hover();
    if (!this.#act || !before) return;
    const all = event.getCoalescedEvents?.() ?? [];
    const events = all.length ? all : [event];
    if (this.#act.kind === "stroke")
      this.mask.extend(
        this.#act,
        events.map((one) => this.#point(one)),
      );
    else {
      if (this.#tool === "lasso") this.#act.points.push(...events.map((one) => this.#place(one)));
      else this.#act.points = corners(this.#act.from, this.at);
      this.#outline(this.#act.points);
    }
  }

  #pinch(before, now) {
    const other = [...this.#pointers.values()].find(({ pointerId }) => pointerId !== now.pointerId);
    this.#view.x += (now.clientX - before.clientX) / this.#pointers.size;
    this.#view.y += (now.clientY - before.clientY) / this.#pointers.size;
    const far = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    if (other) this.#zoom(far(now) / far(before), (now.clientX + other.clientX) / 2, (now.clientY + other.clientY) / 2);
    else this.#show();
  }

  /** A second finger came: what the first began was no stroke. */
  #abandon() {
    if (this.#act?.kind === "stroke") this.mask.undo();
    this.#act = null;
    this.#outline([]);
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    const act = this.#act;
    this.#act = null;
    if (!act) return;
    if (act.kind === "area") this.#area(act.points, act.erase);
    else this.#changed();
  }

  #area(points, erase = false) {
    this.#outline([]);
    if (points.length < 3) return;
    this.mask.add({ kind: "area", points, erase });
    this.#changed();
  }

  #outline(points) {
    const line = this.dialog.querySelector("polygon");
    line.ownerSVGElement.setAttribute("viewBox", `0 0 ${this.mask.width} ${this.mask.height}`);
    line.setAttribute("points", points.map((point) => point.slice(0, 2).map(Math.round).join(",")).join(" "));
  }

  #wheel(event) {
    event.preventDefault();
    if (event.shiftKey) {
      this.#view.x -= event.deltaX || event.deltaY;
      this.#show();
    } else this.#zoom(2 ** (-event.deltaY / 300), event.clientX, event.clientY);
  }

  #hold(held) {
    this.#spaced = held;
    this.ground.classList.toggle("moving", held);
  }

  // Keys: arrows move the brush, Enter paints; letters choose a tool.

  #key(event) {
    const { key, target } = event;
    if (target.matches("textarea")) return;
    const held = event.ctrlKey || event.metaKey;
    const undo = held && key.toLowerCase() === "z";
    const tool = !held && TOOLS[key.toLowerCase()];
    const what = { "+": "nearer", "=": "nearer", "-": "farther", 0: "whole", i: "invert", Delete: "clear", "[": "smaller", "]": "larger" }[
      key
    ];
    if (undo) this.#do(event.shiftKey ? "redo" : "undo");
    else if (tool) this.#choose(tool);
    else if (target === this.ground && key.startsWith("Arrow")) this.#walk(key, event.shiftKey);
    else if (target === this.ground && key === "Enter" && !held) this.#press();
    else if (target === this.ground && key === " ") this.#hold(true);
    else if (what && !held && !target.matches("input[type=range]")) this.#do(what);
    else return;
    event.preventDefault();
  }

  #choose(tool) {
    this.dialog.querySelector(`[name=tool][value=${tool}]`).checked = true;
    this.#drop();
    this.#say(this.dialog.querySelector(`[name=tool][value=${tool}] + span`).textContent);
  }

  #walk(key, far) {
    const { width, height } = this.mask;
    const step = Math.max(1, Math.max(width, height) * STEP) * (far ? 5 : 1);
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    this.at = [Math.min(width, Math.max(0, this.at[0] + dx * step)), Math.min(height, Math.max(0, this.at[1] + dy * step))];
    if (this.#corners) this.#outline(this.#tool === "lasso" ? [...this.#corners, this.at] : corners(this.#corners[0], this.at));
    this.#hover();
    this.#say(fill(words.mask.at, this.#percent()));
  }

  #percent() {
    const part = (at, all) => `${Math.round((100 * at) / all)} %`;
    return { x: part(this.at[0], this.mask.width), y: part(this.at[1], this.mask.height) };
  }

  /** Enter: a dab of the brush; the first, then the other corner of a rectangle; a point of a lasso, which ends where it is
   * pressed twice. */
  #press() {
    const tool = this.#tool;
    if (tool === "brush" || tool === "eraser") {
      this.mask.add({ kind: "stroke", erase: tool === "eraser", points: [[...this.at, this.#size]] });
      return this.#changed();
    }
    const last = this.#corners?.at(-1);
    const ends = last && (tool === "rectangle" || (last[0] === this.at[0] && last[1] === this.at[1]));
    if (!ends) {
      this.#corners = [...(this.#corners ?? []), this.at];
      return this.#say(fill(words.mask.corner, this.#percent()));
    }
    const points = tool === "lasso" ? this.#corners : corners(last, this.at);
    this.#drop();
    this.#area(points);
  }

  /** A shape that was begun by keys is let go. */
  #drop() {
    this.#corners = null;
    this.#outline([]);
    this.#hover();
  }

  // What the buttons do.

  #do(what) {
    if (!what || !this.#opened) return;
    if (what === "nearer" || what === "farther") this.#zoom(what === "nearer" ? 1.5 : 1 / 1.5, ...this.#middle());
    else if (what === "whole") this.#fit();
    else if (what === "smaller" || what === "larger") {
      const range = this.dialog.querySelector("[name=size]");
      range[what === "larger" ? "stepUp" : "stepDown"](2);
      this.#hover();
    } else if (what === "undo" || what === "redo") this.mask[what]() && this.#changed();
    else {
      this.mask.add({ kind: what });
      this.#changed();
    }
  }

  #input({ name, value }) {
    if (name === "size" || name === "tool") this.#hover();
    if (name === "tool") this.#drop();
    if (name === "feather") this.#show();
    if (name === "intent") typeIn(this.form, name, value);
  }

  /** How much is selected, told and offered; what was painted goes to the studio soon. */
  #changed(painted = true) {
    const small = Object.assign(document.createElement("canvas"), { width: SHARE, height: SHARE });
    const context = small.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.mask.canvas, 0, 0, SHARE, SHARE);
    const { data } = context.getImageData(0, 0, SHARE, SHARE);
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) sum += data[at];
    const share = (100 * sum) / (255 * SHARE * SHARE);
    const empty = sum === 0;
    this.#say(empty ? words.mask.nothing : fill(words.mask.share, { n: share < 1 ? "< 1 %" : `${Math.round(share)} %` }));
    for (const [name, stack] of Object.entries({ undo: this.mask.acts, redo: this.mask.undone }))
      this.dialog.querySelector(`[data-do=${name}]`).disabled = stack.length === 0;
    this.dialog.querySelector(".act").disabled = empty || share > 99.99;
    if (painted) this.#soon();
  }

  #say(text) {
    this.status.textContent = text;
  }

  #soon(pause = PAUSE) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), pause);
  }

  /** The mask as it is painted goes to the studio, and the draft names it; true when that is so. */
  #save() {
    clearTimeout(this.#timer);
    this.#sending = this.#sending.then(async () => {
      const last = this.mask.acts.at(-1) ?? null;
      if (!this.#opened || last === this.#sent) return true;
      const { revision } = this.#opened;
      const levels = this.mask.levels();
      const empty = levels.every((level) => level === 0);
      const id = empty ? null : await this.#send(levels, revision);
      if (id === undefined) return false;
      this.#sent = last;
      this.painted.put(id, revision);
      this.draft.touch();
      return true;
    });
    return this.#sending;
  }

  /** Give a mask to the studio: its id, or undefined when that did not work (and was said). */
  async #send(levels, revision) {
    const body = new FormData();
    body.set("revision", revision);
    body.set("file", await png(levels, this.mask.width, this.mask.height), "mask.png");
    try {
      const answer = await fetch(rooted(`/works/${this.work}/masks`), { method: "POST", headers: { Accept: "application/json" }, body });
      const made = await answer.json();
      this.wrong.textContent = answer.ok ? "" : told(made);
      return answer.ok ? made.id : undefined;
    } catch {
      this.wrong.textContent = words.mask.offline;
      this.#soon(AGAIN);
      return undefined;
    }
  }

  async #submit(event) {
    if (event.submitter?.value !== "inpaint") return; // it is closed
    event.preventDefault();
    if (!this.#opened || !(await this.#save())) return;
    const feather = this.#feather;
    const mask = feather ? await this.#send(this.mask.levels(feather), this.#opened.revision) : this.painted.id;
    if (!mask) return;
    this.dialog.close();
    this.generate(mask, this.#opened.revision);
  }
}

/** The four corners of a rectangle between two of them. */
const corners = ([x, y], [right, bottom]) => [
  [x, y],
  [right, y],
  [right, bottom],
  [x, bottom],
];
