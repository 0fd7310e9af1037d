// The player's controls. They play what is selected: the tune on the sheet, or a variant.
import { dockTop } from "../bench/dock.js";
import { performed, spanOf } from "./performance.js";
import { parsed } from "./engraver.js";
import { Player } from "./player.js";
import { words } from "../shared/words.js";

const INSTRUMENT = "stemma:instrument";

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Transport {
  #subject = null; // {id, score, text(), whole, named, range()}
  #lying = null; // what of it the player has: {id, text}

  constructor(box) {
    this.box = box;
    box.player = this.player = new Player(box.dataset.sounds, (event, what) => this.#heard(event, what));
    this.button = box.querySelector("[data-play]");
    this.place = box.querySelector("[name=place]");
    this.tempo = box.querySelector("[name=tempo]");
    this.instrument = box.querySelector("[name=instrument]");
    this.looping = box.querySelector("[data-loop]");
    this.instrument.value = localStorage.getItem(INSTRUMENT) ?? this.instrument.value;
    if (!this.instrument.value) this.instrument.selectedIndex = 0;
    this.player.instrument = this.instrument.value;
    this.button.addEventListener("click", () => this.toggle());
    this.place.addEventListener("input", () => this.#ready() && this.player.seek(Number(this.place.value)));
    this.tempo.addEventListener("input", () => this.#rate());
    this.instrument.addEventListener("change", () => {
      localStorage.setItem(INSTRUMENT, this.instrument.value);
      this.player.set({ instrument: this.instrument.value });
    });
    this.looping.addEventListener("click", () => {
      this.looping.ariaChecked = String(this.looping.ariaChecked !== "true");
      this.#loop();
    });
    this.#rate();
  }

  get playing() {
    return this.player.playing;
  }

  /** What is to be played from now on. The same again goes on. */
  stand(subject) {
    this.box.querySelector(".now").textContent = subject.named;
    if (this.#subject?.id === subject.id && this.#subject.score === subject.score) return;
    this.player.stop();
    this.#subject?.score.sound([]);
    this.#subject = subject;
    this.#lying = null;
    this.box.hidden = false;
    this.#length(0);
  }

  /** What is played is shown in another drawing of it from now on. */
  shown(score) {
    if (!this.#subject) return;
    this.#subject.score.sound([]);
    this.#subject = { ...this.#subject, score };
  }

  /** Nothing is to be played here: a recording has a player of its own. */
  leave() {
    this.player.stop();
    this.#subject?.score.sound([]);
    this.#subject = this.#lying = null;
    this.box.hidden = true;
  }

  /** The text of what is played changed, or other bars are chosen. */
  changed() {
    if (this.playing && this.#lying?.text !== this.#subject?.text()) this.#ready(true);
    if (this.#lying) this.#loop();
  }

  toggle() {
    if (this.playing) return this.player.pause();
    if (!this.#ready()) return;
    const span = this.#span();
    const { place } = this.player;
    const within = span && place > span[0] && place < span[1];
    this.player.play(span && !within ? span[0] : place);
  }

  /** Play from a place in the text (UTF-16 units). */
  from(at) {
    if (!this.#ready()) return;
    const note = this.player.music.notes.find((one) => one.at === at);
    if (note) this.player.play(note.start);
  }

  /** The player has the music of what is selected; false when nothing of it sounds. */
  #ready(keep = false) {
    const subject = this.#subject;
    if (!subject) return false;
    const text = subject.text();
    if (this.#lying?.text === text && this.player.music) return true;
    const drawn = subject.whole() && subject.score.tempo; // a small score is drawn without its tempo
    const tune = drawn ? subject.score.tune : text.trim() && parsed(text);
    const music = tune ? performed(tune) : null;
    this.#lying = { text };
    this.player.put(music, { keep });
    this.#length(music?.length ?? 0);
    this.#loop();
    this.box.querySelector(".missing").textContent = music ? "" : words.player.silent;
    return Boolean(music);
  }

  #span() {
    const range = this.#subject.range();
    return range && this.player.music ? spanOf(this.player.music, ...range) : null;
  }

  #loop() {
    const on = this.looping.ariaChecked === "true" && this.player.music;
    const span = on ? (this.#span() ?? [0, this.player.length]) : null;
    this.player.set({ loop: span && span[1] - span[0] > 0.1 ? span : null });
  }

  #rate() {
    this.tempo.ariaValueText = this.box.querySelector(".rate").textContent = `${this.tempo.value} %`;
    this.player.set({ rate: Number(this.tempo.value) / 100 });
  }

  #length(seconds) {
    this.place.max = Math.max(seconds, 0.01);
    this.place.value = 0;
    this.#clock(0);
  }

  #clock(place) {
    const rate = this.player.rate || 1;
    this.place.ariaValueText = this.box.querySelector(".clock").textContent = this.player.music
      ? `${clock(place / rate)} / ${clock(this.player.length / rate)}`
      : "0:00";
  }

  #heard(event, what) {
    if (event === "state") {
      const { playing } = this.player;
      this.button.ariaPressed = String(playing);
      this.button.querySelector(".word").textContent = playing ? words.player.pause : words.player.play;
      this.box.dataset.state = playing ? "playing" : "resting";
      if (playing) this.box.querySelector(".missing").textContent = "";
      document.dispatchEvent(new CustomEvent("stemma:playing", { detail: { playing, id: this.#subject?.id } }));
    } else if (event === "place") {
      if (document.activeElement !== this.place || this.playing) this.place.value = what;
      this.#clock(what);
    } else if (event === "notes") {
      const cursor = this.#subject?.score.sound(what);
      if (cursor) follow(cursor);
    } else if (event === "missing") {
      this.box.querySelector(".missing").textContent = words.player.missing;
    }
  }
}

/** Keep the playhead in sight: only when its line has left the window. */
function follow(cursor) {
  const { top, bottom } = cursor.getBoundingClientRect();
  if (top >= 60 && bottom <= (dockTop() ?? innerHeight)) return;
  cursor.scrollIntoView({ block: "center", behavior: still() ? "auto" : "smooth" });
}
