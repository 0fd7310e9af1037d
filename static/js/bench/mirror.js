// What the server does not have yet, kept in this browser.
import { nonce } from "../shared/nonce.js";

/** The unsaved state of this window, in localStorage. A lock tells the words of a living window from those it left. */
export class Mirror {
  #prefix;
  #key;

  constructor(draft) {
    this.#prefix = `stemma:${draft}:`;
    this.#key = this.#prefix + nonce();
    navigator.locks?.request(this.#key, () => new Promise(() => {})); // held until the window is gone
  }

  write(version, state) {
    try {
      localStorage.setItem(this.#key, JSON.stringify({ version, state, at: Date.now() }));
    } catch {
      // A full or forbidden store only costs the second net: the server still gets everything.
    }
  }

  clear() {
    localStorage.removeItem(this.#key);
  }

  /** The newest state that a window which is gone left behind, or null. */
  async left() {
    const held = (await navigator.locks?.query())?.held?.map((lock) => lock.name) ?? [];
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix) && key !== this.#key && !held.includes(key));
    const found = keys.map((key) => JSON.parse(localStorage.getItem(key)));
    for (const key of keys) localStorage.removeItem(key);
    return found.sort((one, other) => other.at - one.at)[0] ?? null;
  }
}
