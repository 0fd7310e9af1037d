// Plays a performance: notes are scheduled a moment ahead on the audio clock, so that tempo, instrument, place and loop
// can change at any time, and each note is fetched shortly before it sounds.
import { Sounds } from "./sounds.js";

const PULSE = 30; // ms between looks at the clock
const AHEAD = 0.25; // s that notes are scheduled before they sound; more while the page is hidden and timers are slow
const HIDDEN = 2.5;
const FETCHED = 3; // s of music that is fetched ahead
const PATIENCE = 1500; // ms that the first notes are waited for; then it starts without them
const FALL = 0.18; // s that a note takes to die away after its end
const ACCOMPANIST = "acoustic_grand_piano"; // plays the chords

export class Player {
  #context = null;
  #sounds = null;
  #out = null;
  #timer = 0;
  #voices = new Set();
  #next = 0; // the first note that is not scheduled yet
  #anchor = null; // {clock, place}: at this time of the audio clock, the music is at this place
  #before = null; // the anchor of the round that still sounds, until the clock reaches the next one's
  #starting = 0;
  #sounded = "";
  #place = 0; // seconds of the music at its written tempo, while it rests
  music = null;
  playing = false;
  rate = 1;
  instrument = ACCOMPANIST;
  loop = null; // [from, to]

  /** `base`: the sound font's address. `heard` hears of "state", "place" (seconds), "notes" (places in the text), "missing" (a note could not be fetched). */
  constructor(base, heard) {
    Object.assign(this, { base, heard });
  }

  /** The audio context's state, for who must know whether anything sounds. */
  get state() {
    return this.#context?.state ?? "none";
  }

  get length() {
    return this.music?.length ?? 0;
  }

  /** Where the music is, in seconds at its written tempo. */
  get place() {
    if (!this.#anchor) return this.#place;
    const clock = this.#context.currentTime - (this.#context.outputLatency || this.#context.baseLatency || 0);
    const anchor = this.#before && clock < this.#anchor.clock ? this.#before : this.#anchor;
    return Math.max(anchor.place, Math.min(this.length, this.#at(clock, anchor)));
  }

  #at(clock, anchor = this.#anchor) {
    return anchor.place + (clock - anchor.clock) * this.rate;
  }

  #clock(place) {
    return this.#anchor.clock + (place - this.#anchor.place) / this.rate;
  }

  /** Another performance lies on the stand. What sounds goes on from the same place if `keep`, else it rests at the beginning. */
  put(music, { keep = false } = {}) {
    const [playing, place] = [this.playing, this.place];
    this.#rest();
    this.music = music;
    this.#place = keep && music ? Math.min(place, music.length) : 0;
    if (keep && playing && music) this.play();
    else this.#tell();
  }

  async play(from = this.#place) {
    if (!this.music) return;
    const turn = ++this.#starting;
    this.#silence();
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    this.#sounds ??= new Sounds(this.base, this.#context);
    this.#out ??= this.#output();
    const place = from >= this.length - 0.05 ? (this.loop?.[0] ?? 0) : from;
    this.#place = place;
    this.playing = true;
    this.heard("state");
    const first = this.music.notes.filter(({ start }) => start >= place - 0.001 && start < place + AHEAD);
    const needed = first.map((note) => this.#sounds.fetch(this.#instrument(note), note.pitch).catch(() => this.heard("missing")));
    await Promise.race([Promise.all([this.#context.resume(), ...needed]), new Promise((wake) => setTimeout(wake, PATIENCE))]);
    if (turn !== this.#starting) return;
    this.#anchor = { clock: this.#context.currentTime + 0.02, place };
    this.#next = this.music.notes.findIndex(({ start }) => start >= place - 0.001);
    if (this.#next < 0) this.#next = this.music.notes.length;
    performance.mark("stemma:sounding");
    this.#timer = setInterval(() => this.#pulse(), PULSE);
    this.#pulse();
  }

  pause() {
    const { place } = this;
    this.#rest();
    this.#place = place;
    this.#tell();
  }

  stop() {
    this.#rest();
    this.#place = 0;
    this.#tell();
  }

  /** Go to a place (seconds at the written tempo), playing or not. */
  seek(place) {
    const to = Math.max(0, Math.min(place, this.length));
    if (this.playing) return void this.play(to);
    this.#place = to;
    this.#tell();
  }

  /** Change rate, instrument or loop; what sounds goes on at once in the new way. */
  set(changes) {
    const { place } = this;
    const changed = Object.keys(changes).some((name) => String(changes[name]) !== String(this[name]));
    Object.assign(this, changes);
    if (changed && this.#anchor) this.play(this.loop && (place < this.loop[0] || place > this.loop[1]) ? this.loop[0] : place);
  }

  #output() {
    const limiter = new DynamicsCompressorNode(this.#context, { threshold: -12, ratio: 6, attack: 0.002, release: 0.2 });
    const volume = new GainNode(this.#context, { gain: 0.8 });
    volume.connect(limiter).connect(this.#context.destination);
    return volume;
  }

  #instrument({ at }) {
    return at === null ? ACCOMPANIST : this.instrument;
  }

  #pulse() {
    const now = this.#context.currentTime;
    const until = now + (document.hidden ? HIDDEN : AHEAD);
    const { notes } = this.music;
    const [from, to] = this.loop ?? [0, this.length];
    for (let rounds = 0; rounds < 4; rounds += 1) {
      const horizon = this.#at(until);
      const end = this.loop && this.#anchor.place < to ? to : this.length;
      while (this.#next < notes.length && notes[this.#next].start < Math.min(horizon, end - 0.001)) this.#sound(notes[this.#next++], end);
      if (!this.loop || horizon < end) break;
      this.#before = this.#anchor;
      this.#anchor = { clock: this.#clock(end), place: from }; // round again, without a gap
      this.#next = notes.findIndex(({ start }) => start >= from - 0.001);
    }
    for (let at = this.#next; at < notes.length && notes[at].start < this.#at(until) + FETCHED * this.rate; at += 1)
      this.#sounds.ready(this.#instrument(notes[at]), notes[at].pitch);
    if (!this.loop && this.#at(now) >= this.length + FALL) return this.stop();
    this.#tell();
  }

  /** Schedule one note; if its recording comes late, what is left of it sounds. */
  #sound(note, end) {
    const clock = this.#clock(note.start);
    const lasting = Math.min(note.length, Math.max(0.03, end - note.start)) / this.rate;
    const start = (buffer) => {
      const when = Math.max(clock, this.#context.currentTime);
      const late = when - clock;
      if (late > lasting) return;
      const gain = new GainNode(this.#context, { gain: 0 });
      const source = new AudioBufferSourceNode(this.#context, { buffer, playbackRate: this.#sounds.speed(note.pitch) });
      gain.gain.setValueAtTime(note.loudness ** 1.5, when);
      gain.gain.setValueAtTime(note.loudness ** 1.5, clock + lasting);
      gain.gain.setTargetAtTime(0, clock + lasting, FALL / 4);
      source.connect(gain).connect(this.#out);
      source.start(when, late);
      source.stop(clock + lasting + FALL);
      const voice = { source, clock };
      this.#voices.add(voice);
      source.onended = () => this.#voices.delete(voice);
    };
    const instrument = this.#instrument(note);
    const buffer = this.#sounds.ready(instrument, note.pitch);
    if (buffer) return start(buffer);
    const turn = this.#starting;
    this.#sounds.fetch(instrument, note.pitch).then(
      (late) => turn === this.#starting && start(late),
      () => this.heard("missing"),
    );
  }

  #tell() {
    const { place } = this;
    this.heard("place", place);
    const notes = this.music?.notes ?? [];
    const now = this.#anchor
      ? notes.filter(({ start, length, at }) => at !== null && start <= place && place < start + length).map(({ at }) => at)
      : [];
    if (!now.length && this.#anchor && place < this.length) return; // between two notes the last one stays marked
    const key = now.join();
    if (key === this.#sounded) return;
    this.#sounded = key;
    this.heard("notes", now);
  }

  #silence() {
    clearInterval(this.#timer);
    this.#anchor = this.#before = null;
    for (const { source } of this.#voices) source.stop();
    this.#voices.clear();
  }

  #rest() {
    this.#starting += 1;
    this.#silence();
    if (!this.playing) return;
    this.playing = false;
    this.heard("state");
  }
}
