// What can be asked of an engine with the tune on the sheet, or with the selected variant. A tune that was edited by hand
// becomes a revision first.
import { read } from "../bench/form.js";
import { complain } from "../bench/runs.js";
import { counted, parentsOf, takes } from "../bench/verb.js";
import { other, semitones } from "./dialogs.js";
import { textOf } from "./variants.js";
import { rooted } from "../shared/http.js";
import { words } from "../shared/words.js";

export class Verbs {
  /** `generate(request, button)` asks for a run. */
  constructor({ bench, form, source, desk, selection, selecting, section, generate }) {
    Object.assign(this, { bench, form, source, desk, selection, selecting, section, generate });
  }

  get #sheet() {
    return !this.section && (!this.selection.chosen || this.selection.chosen.matches(".base"));
  }

  async perform(button) {
    const { verb, strength } = button.dataset;
    const stage = button.dataset.of === "stage";
    const sheet = this.#sheet || (stage && !this.section);
    const place = await this.#place(button, sheet);
    if (!place) return;
    const there = stage && this.section ? this.desk.base : this.selection.revision?.id; // a recording is a revision already
    const revision = sheet ? await this.desk.revision(button) : there;
    if (!revision) return;
    const parents = await parentsOf(button, verb, revision, () => other(this.bench.dataset.work, revision));
    if (!parents) return;
    const { count, ...state } = read(this.form);
    const request = {
      verb,
      count: counted(button, count),
      ...place,
      parents,
      ...(strength ? { strength } : {}),
    };
    await this.generate("bench" in button.dataset ? { ...state, ...request } : request, button);
  }

  /** What the verb must know besides; null when it is not to be done. */
  async #place(button, sheet) {
    if (takes(button, "bars")) return this.section ? { section: this.section.range } : { bars: this.selecting.bars };
    if (!takes(button, "semitones")) return {};
    const by = await semitones(sheet ? this.source.text : textOf(this.selection.chosen));
    return by === null ? null : { semitones: by };
  }

  /** The selected variant beside the sheet's revision, or beside what it came from. */
  compare() {
    const { revision, parent } = this.selection.chosen.dataset;
    const left = this.desk.base && this.desk.base !== revision ? this.desk.base : parent;
    if (left) location.assign(rooted(`/revisions/${left}/diff/${revision}`));
    else complain(words.verbs.alone);
  }
}
