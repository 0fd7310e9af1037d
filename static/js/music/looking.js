// A variant looked at closely (bench/lightbox.js): its score, or the waveform of a recording, in the whole window, played there.
import { Score } from "./score.js";
import { cutAfter } from "./sheet.js";
import { drawIn, scoreOf, whole } from "./variants.js";
import { complain } from "../bench/runs.js";
import { rooted, told } from "../shared/http.js";

const [LARGE, WIDE] = [1.3, 700]; // times the size on the sheet where the window is so wide (px)
const AT_ONCE = 256; // bars

export class Looking {
  press = ".look, .score, .waveform";
  zooms = [1, 1.25, 1.5, 2]; // times the size at first
  keys = { " ": "play" };
  #now = null; // what is looked at
  #zoom = 1;

  /** `hear()` plays what is selected, or pauses it. */
  constructor(dialog, transport, hear) {
    Object.assign(this, { dialog, transport, hear, score: new Score(dialog.querySelector(".score"), { tempo: false }) });
    document.addEventListener("stemma:playing", ({ detail: { playing } }) => {
      dialog.querySelector("[data-do=play]").ariaPressed = String(playing);
    });
    this.sound = dialog.querySelector(".sound");
    this.audio = this.sound.querySelector("audio");
    for (const event of ["play", "pause"]) {
      this.audio.addEventListener(event, () => (dialog.querySelector("[data-do=play]").ariaPressed = String(event === "play")));
    }
    new ResizeObserver(() => {
      if (this.#now && !this.#sounds && Math.abs((this.score.width ?? 0) - this.score.host.clientWidth) > 8) this.#draw();
    }).observe(this.score.host);
  }

  /** The drawing in which it is shown what sounds of a variant. */
  scoreOf(article) {
    return this.dialog.open ? this.score : scoreOf(article);
  }

  get #sounds() {
    return this.#now?.dataset.kind === "sound";
  }

  looks(choice) {
    return choice.matches("article.tune") && Boolean(choice.querySelector(".score, .waveform"));
  }

  show(choice) {
    this.#now = choice;
    [this.sound.hidden, this.score.host.hidden] = [!this.#sounds, this.#sounds];
    this.audio.pause();
    if (!this.#sounds) return this.transport.shown(this.score);
    const { revision } = choice.dataset;
    this.sound.querySelector("img").src = rooted(`/revisions/${revision}/content?w=1024`);
    this.audio.src = rooted(`/revisions/${revision}/content`);
    this.dialog.querySelector(".more").hidden = true;
  }

  scaled(zoom) {
    this.#zoom = zoom;
    if (!this.#sounds) this.#draw();
  }

  do(what) {
    if (what !== "play") return;
    if (!this.#sounds) this.hear();
    else if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  left() {
    this.audio.pause();
    if (this.#now && !this.#sounds) this.transport.shown(scoreOf(this.#now));
    this.#now = null;
  }

  async #draw() {
    const article = this.#now;
    try {
      const text = await whole(article);
      if (this.#now !== article) return;
      const end = cutAfter(text, AT_ONCE);
      this.score.scale = this.#zoom * (this.score.host.clientWidth > WIDE ? LARGE : 1);
      drawIn(this.score, article, text.slice(0, end));
      this.dialog.querySelector(".more").hidden = !text.slice(end).trim();
    } catch (problem) {
      complain(told(problem));
    }
  }
}
