// What is painted over a picture, as a part of its draft: the id of a mask that the studio has.

export class Painted {
  #saved; // what the draft on the server names; undefined when it must be sent whatever it is

  constructor({ dataset }) {
    this.id = this.#saved = this.known = dataset.mask || null;
    this.of = dataset.maskOf || null; // the revision that it lies over
  }

  pace = 0;

  /** Another mask, or none. */
  put(id, of) {
    Object.assign(this, { id, of });
  }

  get changed() {
    return this.id !== this.#saved;
  }

  take() {
    return this.changed ? { mask: this.id } : {};
  }

  keep({ mask }) {
    if (mask !== undefined) this.#saved = this.known = mask;
  }

  since({ mask }) {
    return mask === undefined ? this.changed : this.id !== mask;
  }

  differences({ mask }) {
    return mask === undefined || mask === this.id ? [] : [["mask", this.id?.slice(-6) ?? "", mask?.slice(-6) ?? ""]];
  }

  moved({ mask }) {
    return (mask ?? null) !== this.known;
  }

  arrived({ mask }, draft) {
    return mask === undefined ? !this.moved(draft) : mask === (draft.mask ?? null);
  }

  insist() {
    this.#saved = undefined;
  }

  fill({ mask }) {
    if (mask !== undefined) this.put(mask, null);
  }
}
