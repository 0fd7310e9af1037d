// A section of a recording: chosen by a drag over the waveform, by Shift with arrows, or in two fields. What is chosen is
// what is played; it is cut out here, and made anew by an engine. And recordings among the variants: one sounds at a time.
import { during } from "../shared/busy.js";
import { complain } from "../bench/runs.js";
import { post, told } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

const DRAG = 4; // px from which a press is a drag
const GRIP = 8; // px around a border by which it can be taken
const SHORTEST = 0.05; // s
const PAUSE = 400; // ms before a choice is told: who drags wants to hear where it ends

const rounded = (second) => Math.round(second * 100) / 100;

export class Section {
  #anchor = null; // the second where the choice began
  #head = null; // and where it goes to
  #press = null; // {x, anchor, drags}
  #telling = 0;

  /** `announce` is where a screen reader hears it; `chose()` hears of a change, `trimmed(revision)` of a cut. */
  constructor(recording, { announce, chose, trimmed }) {
    Object.assign(this, { recording, announce, chose, trimmed, form: recording.figure.querySelector(".section") });
    const { canvas, audio } = recording;
    recording.drawn = (context) => this.#draw(context);
    recording.moved = (from, to, more) => more && this.choose(this.#anchor ?? from, to);
    canvas.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.range) return;
      event.preventDefault();
      this.clear();
    });
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.#up(event));
    audio.addEventListener("play", () => this.#play());
    audio.addEventListener("timeupdate", () => this.#within());
    this.form.addEventListener("change", () => this.#typed());
    this.form.addEventListener("click", ({ target }) => {
      const repeat = target.closest("[data-repeat]");
      if (repeat) repeat.ariaChecked = String(repeat.ariaChecked !== "true");
      else if (target.closest("[data-clear]")) this.clear();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#typed(true); // Enter sends what was not left yet
      this.#trim(event.submitter);
    });
  }

  /** [start, end] in seconds, or null. */
  get range() {
    if (this.#anchor === null) return null;
    const [start, end] = [this.#anchor, this.#head].map(rounded).sort((one, other) => one - other);
    return end - start < SHORTEST ? null : [start, end];
  }

  /** In short, as the toolbar has it: "1.50–3.25 s". */
  get words() {
    const [start, end] = this.range.map((second) => second.toFixed(2));
    return `${start}–${end} s`;
  }

  choose(anchor, head) {
    const inside = (second) => Math.max(0, Math.min(second, this.recording.length));
    [this.#anchor, this.#head] = [inside(anchor), inside(head)];
    this.#show();
  }

  clear() {
    this.#anchor = this.#head = null;
    this.#show();
  }

  #show() {
    const { range, form } = this;
    const { start, end } = form.elements;
    [start.value, end.value] = range ? range.map((second) => second.toFixed(2)) : ["", ""];
    if (!range && form.contains(document.activeElement) && document.activeElement.matches("[data-clear]")) start.focus();
    form.querySelector("[data-clear]").hidden = !range;
    this.recording.draw();
    this.chose();
    clearTimeout(this.#telling);
    const { said, none } = words.section;
    this.#telling = setTimeout(() => {
      this.announce.textContent = range ? fill(said, { start: start.value, end: end.value }) : none;
    }, PAUSE);
  }

  /** A field was filled in. Until the other one is too there is no section yet, unless the form is `sent`: then it goes
   * from the start, or to the end. */
  #typed(sent = false) {
    const { start, end } = this.form.elements;
    if (!start.value && !end.value) return this.clear();
    if (!sent && !(start.value && end.value)) return;
    this.choose(start.value ? start.valueAsNumber : 0, end.value ? end.valueAsNumber : this.recording.length);
  }

  #down(event) {
    if (event.button !== 0) return;
    const { canvas } = this.recording;
    canvas.setPointerCapture(event.pointerId);
    const range = this.range;
    const near = (second) => Math.abs(this.#x(second) - event.offsetX) <= GRIP;
    const anchor = range && near(range[0]) ? range[1] : range && near(range[1]) ? range[0] : this.recording.at(event);
    this.#press = { x: event.clientX, anchor, drags: false };
  }

  #move(event) {
    if (!this.#press) return;
    this.#press.drags ||= Math.abs(event.clientX - this.#press.x) > DRAG;
    if (this.#press.drags) this.choose(this.#press.anchor, this.recording.at(event));
  }

  #up(event) {
    const [range, at] = [this.range, this.recording.at(event)];
    if (this.#press && !this.#press.drags && range && (at < range[0] || at > range[1])) this.clear();
    this.#press = null;
  }

  #x(second) {
    return (second / (this.recording.length || 1)) * this.recording.canvas.clientWidth;
  }

  /** What is chosen is what is played. */
  #play() {
    const { audio } = this.recording;
    const range = this.range;
    if (range && (audio.currentTime < range[0] || audio.currentTime >= range[1] - SHORTEST / 2)) audio.currentTime = range[0];
    const look = () => {
      this.#within();
      if (!audio.paused) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  #within() {
    const { audio } = this.recording;
    const range = this.range;
    if (!range || audio.paused || audio.currentTime < range[1]) return;
    if (this.form.querySelector("[data-repeat]").ariaChecked === "true") audio.currentTime = range[0];
    else audio.pause();
  }

  async #trim(button) {
    const range = this.range;
    if (!range) {
      this.form.elements.start.focus();
      return complain(words.section.unchosen);
    }
    complain("");
    const [start, end] = range;
    try {
      const { revision } = this.recording.figure.dataset;
      await this.trimmed(await during(button, post(this.form.dataset.trims, { revision, start, end })));
    } catch (problem) {
      complain(told(problem));
    }
  }

  /** A band over the waveform between two borders. */
  #draw(context) {
    if (!this.range) return;
    const { canvas } = this.recording;
    const height = canvas.clientHeight;
    const [left, right] = this.range.map((second) => this.#x(second));
    context.fillStyle = getComputedStyle(canvas).caretColor;
    context.globalAlpha = 0.14;
    context.fillRect(left, 0, right - left, height);
    context.globalAlpha = 1;
    for (const [x, foot] of [
      [left, 0],
      [right - 2, -4],
    ]) {
      context.fillRect(x, 0, 2, height);
      for (const y of [0, height - 2]) context.fillRect(x + foot, y, 6, 2); // brackets: a shape, not a colour alone
    }
  }
}

/** Play the recording of a variant, or pause it. */
export function listen(article) {
  const audio = article.querySelector("audio");
  if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

/** One sounds at a time: `hush()` silences the player of tunes. A variant's button tells whether it sounds. */
export function oneAtATime(hush) {
  const told = (event) => {
    const button = event.target.closest?.("article")?.querySelector("[data-hear]");
    if (button) button.ariaPressed = String(event.type === "play");
    if (event.type !== "play") return;
    hush();
    for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
  };
  for (const event of ["play", "pause", "ended"]) document.addEventListener(event, told, true); // they do not bubble
}
