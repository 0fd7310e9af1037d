// A recording on the bench: its waveform on a canvas, which is a slider; the browser's own player does the rest.
import { get, rooted } from "../shared/http.js";

const SHORT = 30; // s: of recordings that are walked through by tenths of a second

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export class Recording {
  #peaks = [];

  /** `figure` holds an <audio> and a <canvas role="slider">. Whoever sets `drawn(context)` draws over the waveform, and
   * `moved(from, to, more)` hears of keys, `more` with Shift. */
  constructor(figure) {
    Object.assign(this, {
      figure,
      drawn: () => {},
      moved: () => {},
      audio: figure.querySelector("audio"),
      canvas: figure.querySelector("canvas"),
    });
    const { audio, canvas } = this;
    for (const event of ["timeupdate", "seeked", "loadedmetadata", "play", "pause"]) audio.addEventListener(event, () => this.draw());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("pointerdown", (event) => this.seek(this.at(event)));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#load();
  }

  /** Seconds that an arrow goes. */
  get step() {
    return this.length < SHORT ? 0.1 : 1;
  }

  get length() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.figure.dataset.duration || 0);
  }

  async #load() {
    const found = await get(rooted(`/revisions/${this.figure.dataset.revision}/waveform`)).catch(() => null);
    this.#peaks = found?.peaks ?? [];
    this.draw();
  }

  /** The second that a pointer is at. */
  at(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width)) * this.length;
  }

  seek(second) {
    this.audio.currentTime = Math.max(0, Math.min(second, this.length));
    this.draw();
  }

  toggle() {
    if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [now, step] = [this.audio.currentTime, this.step];
    const to = {
      ArrowRight: now + step,
      ArrowUp: now + step,
      ArrowLeft: now - step,
      ArrowDown: now - step,
      PageUp: now + 10 * step,
      PageDown: now - 10 * step,
      Home: 0,
      End: this.length,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.seek(to);
    this.moved(now, to, event.shiftKey);
  }

  draw() {
    const { canvas, audio } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * scale))
      Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const played = this.length ? (audio.currentTime / this.length) * width : 0;
    const step = 3;
    for (let x = 0; x < width; x += step) {
      const peak = this.#peaks.length ? peakOf(this.#peaks[Math.floor((x / width) * this.#peaks.length)]) : 0.02;
      const tall = Math.max(2, peak * (height - 8));
      context.fillStyle = x < played ? style.borderTopColor : style.color; // computed: a custom property would still be light-dark()
      context.fillRect(x, (height - tall) / 2, step - 1, tall);
    }
    context.fillStyle = style.caretColor;
    context.fillRect(Math.min(width - 2, played), 0, 2, height);
    this.drawn(context);
    Object.assign(canvas, {
      ariaValueMax: String(Math.round(this.length)),
      ariaValueNow: String(Math.round(audio.currentTime)),
      ariaValueText: `${clock(audio.currentTime)} / ${clock(this.length)}`,
    });
  }
}

/** A peak is told as one number (0 to 1) or as the lowest and the highest sample (-1 to 1). */
const peakOf = (peak) => (Array.isArray(peak) ? (peak[1] - peak[0]) / 2 : Math.abs(peak ?? 0));
