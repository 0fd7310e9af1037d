// Going on with a picture beyond its edges: they are dragged, a proportion is chosen, or pixels are entered for each side.
// Loaded when it is first opened.
import { typeIn } from "../bench/form.js";
import { rooted } from "../shared/http.js";

const ROOM = 0.3; // of the picture's sides that is left free around the frame, to drag into
const SIDES = ["left", "top", "right", "bottom"];

export class Framing {
  #revision = null;
  #size = [1, 1]; // of the picture
  #scale = 1; // pixels of the window to one of the picture
  #origin = [0, 0]; // where the picture lies in the window
  #edge = null; // that is dragged

  /** `generate(frame, revision)` asks for what should come. */
  constructor(dialog, { form, generate }) {
    const part = (name) => dialog.querySelector(name);
    Object.assign(this, { dialog, form, generate, ground: part(".ground"), sheet: part(".sheet"), image: part("img") });
    Object.assign(this, { intent: part("textarea"), said: part("output"), act: part(".act") });
    this.fields = SIDES.map((side) => part(`[name=${side}]`));
    this.ground.addEventListener("pointerdown", (event) => this.#down(event));
    this.ground.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.ground.addEventListener(end, () => this.#up());
    dialog.addEventListener("input", ({ target }) => this.#input(target));
    dialog.addEventListener("click", ({ target }) => this.#proportion(target.closest("[data-ratio]")?.dataset.ratio));
    part("form").addEventListener("submit", (event) => this.#submit(event));
    new ResizeObserver(() => dialog.open && this.#fit()).observe(this.ground);
  }

  /** Go on with the picture of a revision. */
  async open(revision, named) {
    this.dialog.querySelector("h2 span").textContent = named;
    this.intent.value = this.form.elements["brief.intent"].value;
    this.dialog.showModal();
    this.fields[0].focus();
    if (this.#revision === revision) return this.#fit();
    this.#revision = null;
    this.image.src = rooted(`/revisions/${revision}/content`);
    await this.image.decode();
    this.#size = [this.image.naturalWidth, this.image.naturalHeight];
    this.#revision = revision;
    this.#put([0, 0, 0, 0]);
    this.#fit();
  }

  get #frame() {
    return this.fields.map(({ value }) => Math.round(Number(value)) || 0);
  }

  /** At most as much on each side as the picture has there. */
  #put(frame) {
    for (const [at, field] of this.fields.entries()) {
      field.max = this.#size[at % 2];
      field.value = Math.min(this.#size[at % 2], Math.max(0, Math.round(frame[at])));
    }
    this.#show();
  }

  /** The frame and some room around it fill the window. */
  #fit() {
    const [left, top, right, bottom] = this.#frame;
    const [width, height] = this.#size;
    const { clientWidth, clientHeight } = this.ground;
    const across = left + width + right;
    const down = top + height + bottom;
    this.#scale = Math.min(clientWidth / (across + 2 * ROOM * width), clientHeight / (down + 2 * ROOM * height));
    this.#origin = [
      (clientWidth - across * this.#scale) / 2 + left * this.#scale,
      (clientHeight - down * this.#scale) / 2 + top * this.#scale,
    ];
    this.#show();
  }

  #show() {
    const [left, top, right, bottom] = this.#frame;
    const [width, height] = this.#size;
    const lay = ({ style }, x, y, across, down) =>
      Object.assign(style, {
        width: `${across * this.#scale}px`,
        height: `${down * this.#scale}px`,
        translate: `${this.#origin[0] + x * this.#scale}px ${this.#origin[1] + y * this.#scale}px`,
      });
    lay(this.image, 0, 0, width, height);
    lay(this.sheet, -left, -top, left + width + right, top + height + bottom);
    this.said.value = `${left + width + right} × ${top + height + bottom}`;
    this.act.disabled = !this.#revision || !(left + top + right + bottom);
  }

  #down(event) {
    this.#edge = event.target.closest("[data-edge]")?.dataset.edge ?? null;
    if (!this.#edge) return;
    event.preventDefault();
    this.ground.setPointerCapture(event.pointerId);
  }

  #move({ clientX, clientY }) {
    if (!this.#edge) return;
    const box = this.ground.getBoundingClientRect();
    const x = (clientX - box.left - this.#origin[0]) / this.#scale;
    const y = (clientY - box.top - this.#origin[1]) / this.#scale;
    const [width, height] = this.#size;
    const frame = this.#frame;
    frame[SIDES.indexOf(this.#edge)] = { left: -x, top: -y, right: x - width, bottom: y - height }[this.#edge];
    this.#put(frame);
  }

  #up() {
    if (this.#edge) this.#fit();
    this.#edge = null;
  }

  /** The least frame, the same on both sides, that gives the whole these proportions. */
  #proportion(ratio) {
    if (!ratio) return;
    const [across, down] = ratio.split(":").map(Number);
    const [width, height] = this.#size;
    const wide = Math.max(0, (height * across) / down - width);
    const high = Math.max(0, (width * down) / across - height);
    this.#put([wide / 2, high / 2, wide / 2, high / 2]);
    this.#fit();
  }

  #input(field) {
    if (this.fields.includes(field)) return this.#fit();
    if (field === this.intent) typeIn(this.form, "intent", field.value);
  }

  #submit(event) {
    if (event.submitter?.value !== "outpaint") return; // it is closed
    event.preventDefault();
    this.#put(this.#frame);
    if (this.act.disabled) return;
    this.dialog.close();
    this.generate(this.#frame, this.#revision);
  }
}
