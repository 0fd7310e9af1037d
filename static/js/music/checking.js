// What the studio hears in the source as one types: faults with their places, the bars, the key. Late answers are dropped.
import { post, rooted, told } from "../shared/http.js";
import { units } from "./source.js";
import { words } from "../shared/words.js";

const PAUSE = 250; // ms after a keystroke
const SLOWER = 1 / 200; // ms more for each character
const SHOWN = 20; // faults at once

export class Checking {
  #timer = 0;
  #turn = 0;
  #list;

  /** `heard(found)` hears each answer that is still true: {faults, bars (UTF-16 units), title, key, metre, …}. */
  constructor(box, source, heard) {
    Object.assign(this, { box, source, heard });
    this.#list = box.querySelector("ol");
    source.on("change", () => this.soon());
    box.addEventListener("click", (event) => {
      const link = event.target.closest("[data-line]");
      if (!link) return;
      event.preventDefault();
      const at = source.at(Number(link.dataset.line), Number(link.dataset.column));
      source.select(at, at);
    });
    this.soon(0);
  }

  soon(pause = PAUSE + this.source.text.length * SLOWER) {
    this.#turn += 1; // an answer that is on its way speaks of another text
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  async #ask() {
    const turn = ++this.#turn;
    const { text } = this.source;
    if (!text.trim()) return this.#show(text, { faults: [], bars: [] });
    let found;
    try {
      found = await post(rooted("/tunes/checks"), { text });
    } catch (problem) {
      if (turn === this.#turn) this.box.querySelector(".told").textContent = told(problem);
      return;
    }
    if (turn === this.#turn) this.#show(text, found);
  }

  #show(text, found) {
    const { holds, uneven, some, many, line } = words.checks;
    const { faults } = found;
    const sound = !text.trim() ? "" : found.checks.bars_complete ? holds : uneven;
    const said = faults.length ? (faults.length === 1 ? some : many.replace("{n}", faults.length)) : sound;
    this.box.querySelector(".told").textContent = said;
    this.box.dataset.state = faults.length ? "wrong" : "right";
    this.#list.replaceChildren(
      ...faults.slice(0, SHOWN).map((fault) => {
        const item = document.createElement("li");
        const place = line.replace("{line}", fault.line).replace("{column}", fault.column);
        const link = Object.assign(document.createElement("a"), { href: "#source", textContent: `${place} ${fault.message}` });
        Object.assign(link.dataset, { line: fault.line, column: fault.column });
        item.append(link);
        return item;
      }),
    );
    const astral = /[\ud800-\udfff]/.test(text);
    const bars = astral ? found.bars.map((bar) => ({ ...bar, start: units(text, bar.start), end: units(text, bar.end) })) : found.bars;
    this.heard({ ...found, bars, text });
  }
}
