// The sound font: one recording a note, fetched when it is first needed and kept while the page lives. A note that could
// not be fetched is tried again the next time it is needed; nothing stays broken.

const NAMES = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];
const RANGE = [36, 96]; // MIDI numbers that were recorded; beyond them the nearest recording is played slower or faster
const AGAIN = 400; // ms before a failed fetch is tried once more

const recorded = (pitch) => Math.max(RANGE[0], Math.min(RANGE[1], Math.round(pitch)));

export class Sounds {
  #kept = new Map(); // address → {promise, buffer}

  /** `base` is the address of the sound font's folder, with its slash. */
  constructor(base, context) {
    Object.assign(this, { base, context });
  }

  #address(instrument, wanted) {
    const pitch = recorded(wanted);
    return `${this.base}${instrument}-mp3/${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}.mp3`;
  }

  /** How much faster than recorded a note is played. */
  speed(pitch) {
    return 2 ** ((pitch - recorded(pitch)) / 12);
  }

  /** The recording if it is here, else null (and it is on its way). */
  ready(instrument, pitch) {
    const kept = this.#kept.get(this.#address(instrument, pitch));
    if (!kept) this.fetch(instrument, pitch).catch(() => {});
    return kept?.buffer ?? null;
  }

  /** The recording of a note (MIDI number). Rejects when it cannot be had now. */
  fetch(instrument, pitch) {
    const address = this.#address(instrument, pitch);
    const kept = this.#kept.get(address);
    if (kept) return kept.promise;
    const one = { buffer: null, promise: null };
    one.promise = this.#get(address).then((buffer) => (one.buffer = buffer));
    one.promise.catch(() => this.#kept.delete(address));
    this.#kept.set(address, one);
    return one.promise;
  }

  async #get(address) {
    let answer = await fetch(address).catch(() => null);
    if (!answer?.ok) {
      await new Promise((wake) => setTimeout(wake, AGAIN));
      answer = await fetch(address);
      if (!answer.ok) throw new Error(`${answer.status} ${address}`);
    }
    return this.context.decodeAudioData(await answer.arrayBuffer());
  }
}
