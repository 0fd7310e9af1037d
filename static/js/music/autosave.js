// The draft of a tune: the brief and the ABC are saved together, under one version, by the bench's own way.
import { Draft } from "../bench/draft.js";
import { excerpts } from "../bench/text-autosave.js";

const SLOWER = 1 / 100; // ms more between saves for each character
const SLOWEST = 4000; // ms

/** The tune's part in a draft. */
class Writing {
  #source;
  #saved; // what the server has; null when it must be sent whatever it is

  constructor(source) {
    this.#source = source;
    this.#saved = source.text;
    this.known = source.text; // what the server had when it last spoke
  }

  get changed() {
    return this.#source.text !== this.#saved;
  }

  get pace() {
    return Math.min(SLOWEST, Math.round(this.#source.text.length * SLOWER));
  }

  take() {
    return this.changed ? { text: this.#source.text } : {};
  }

  keep({ text }) {
    if (text !== undefined) this.#saved = this.known = text;
  }

  since({ text }) {
    return text === undefined ? this.changed : this.#source.text !== text;
  }

  differences({ text: there }) {
    const here = this.#source.text;
    return there === undefined || here === (there ?? "") ? [] : [["text", ...excerpts(here, there ?? "")]];
  }

  moved({ text }) {
    return (text ?? "") !== this.known;
  }

  insist() {
    this.#saved = null;
  }

  fill({ text }) {
    if (text !== undefined) this.#source.set(text ?? "");
  }
}

/** Save the form of the brief and the source as one draft. Gives the Draft. */
export function autosave(source, form, { status, prompt, dialog }) {
  const draft = new Draft(form, { status, prompt, dialog, writing: new Writing(source) });
  source.on("change", () => draft.touch());
  return draft;
}
