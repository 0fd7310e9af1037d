// A recording on the bench: its waveform on a canvas, which is a slider; the browser's own player does the rest.
import { get } from "../writing/post.js";

const PAGE = 10; // s
const STEP = 1; // s

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export class Recording {
  #peaks = [];

  /** `figure` holds an <audio> and a <canvas role="slider">; `drawn(context, recording)` may draw over the waveform. */
  constructor(figure, { drawn = () => {} } = {}) {
    Object.assign(this, { figure, drawn, audio: figure.querySelector("audio"), canvas: figure.querySelector("canvas") });
    const { audio, canvas } = this;
    for (const event of ["timeupdate", "seeked", "loadedmetadata", "play", "pause"]) audio.addEventListener(event, () => this.draw());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("pointerdown", (event) => this.seek(this.at(event)));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#load();
  }

  get length() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.figure.dataset.duration || 0);
  }

  async #load() {
    const found = await get(`/revisions/${this.figure.dataset.revision}/waveform`).catch(() => null);
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
    const now = this.audio.currentTime;
    const to = { ArrowRight: now + STEP, ArrowUp: now + STEP, ArrowLeft: now - STEP, ArrowDown: now - STEP, PageUp: now + PAGE, PageDown: now - PAGE, Home: 0, End: this.length }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.seek(to);
  }

  draw() {
    const { canvas, audio } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * scale)) Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const played = this.length ? (audio.currentTime / this.length) * width : 0;
    const step = 3;
    for (let x = 0; x < width; x += step) {
      const peak = this.#peaks.length ? peakOf(this.#peaks[Math.floor((x / width) * this.#peaks.length)]) : 0.02;
      const tall = Math.max(2, peak * (height - 8));
      context.fillStyle = style.getPropertyValue(x < played ? "--moss" : "--stem");
      context.fillRect(x, (height - tall) / 2, step - 1, tall);
    }
    context.fillStyle = style.getPropertyValue("--cinnabar");
    context.fillRect(Math.min(width - 2, played), 0, 2, height);
    this.drawn(context, this);
    Object.assign(canvas, { ariaValueMax: String(Math.round(this.length)), ariaValueNow: String(Math.round(audio.currentTime)), ariaValueText: `${clock(audio.currentTime)} / ${clock(this.length)}` });
  }
}

/** A peak is told as one number (0 to 1) or as the lowest and the highest sample (-1 to 1). */
const peakOf = (peak) => (Array.isArray(peak) ? (peak[1] - peak[0]) / 2 : Math.abs(peak ?? 0));
