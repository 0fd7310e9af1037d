// "What did the model expect?": a passage, the artist's own included, read by a model token by token. What it did
// not expect stands on a thick line, with its figure at hand; the perplexity tells how unsure it was on the whole.
import { get, post, rooted, told } from "../shared/http.js";
import { share, visible } from "./tokens.js";
import { fill, words } from "../shared/words.js";

const EVERY = 400; // ms between looks
const LONGEST = 120_000; // ms
const STEPS = [0.5, 2, 4, 7]; // nats of surprise (−ln p): below the first a token was as good as sure

const element = (tag, kind, text = "") => Object.assign(document.createElement(tag), { className: kind, textContent: text });

export class Reading {
  #asked = 0;

  constructor(region, button, editor, desk, form) {
    Object.assign(this, { region, button, editor, desk, form });
    editor.on("change", () => this.close()); // what was read is no more
    region.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      this.close();
      button.focus();
    });
  }

  close() {
    this.#asked += 1;
    this.region.hidden = true;
    this.button.ariaExpanded = "false";
  }

  /** Ask about the selection, or about the whole text; pressed again, it closes. */
  async ask() {
    if (!this.region.hidden) return this.close();
    const turn = ++this.#asked;
    const [start, end] = this.editor.selection;
    const selection = start < end ? [start, end] : null;
    const revision = await this.desk.revision(this.button);
    if (!revision || turn !== this.#asked) return;
    this.#say(words.reading.waits);
    this.button.ariaExpanded = "true";
    try {
      const engine = this.form.elements.engine?.value || null;
      const found = await this.#read(await post(rooted(`/revisions/${revision}/readings`), { selection, engine }), turn);
      if (turn === this.#asked && found) this.#draw(found);
    } catch (problem) {
      if (turn === this.#asked) this.#say(told(problem), "wrong");
    }
  }

  async #read({ id }, turn) {
    const end = Date.now() + LONGEST;
    while (turn === this.#asked && Date.now() < end) {
      const found = await get(rooted(`/readings/${id}`));
      if (found.error) throw { detail: found.error.title ?? found.error };
      if (found.ready) return found;
      await new Promise((wake) => setTimeout(wake, EVERY));
    }
    if (turn === this.#asked) throw { detail: words.reading.failed };
    return null;
  }

  #say(text, kind = "hint") {
    const said = element("p", kind, text);
    said.setAttribute("role", "status");
    this.region.replaceChildren(said);
    this.region.hidden = false;
  }

  #draw({ perplexity, tokens }) {
    const { legend, perplexity: unsure } = words.reading;
    const figure = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 3 });
    const head = element("p", "verdict");
    head.append(
      element("b", "", unsure.replaceAll("{n}", perplexity === null ? "–" : figure.format(perplexity))),
      element("span", "hint", legend),
    );
    const text = element("p", "expected");
    text.append(...tokens.map((token) => this.#token(token)));
    this.region.replaceChildren(head, text);
  }

  #token({ text, logprob, alternatives }) {
    if (!text.trim()) return document.createTextNode(text);
    const surprise = logprob === null ? 0 : STEPS.filter((step) => -logprob >= step).length;
    const item = element("span", `surprise-${surprise}`, text);
    const first = alternatives?.[0];
    const rather = first && first.text !== text ? ` · ${visible(first.text)} ${share(first.logprob)}` : "";
    item.title = fill(words.reading.token, { token: visible(text), share: share(logprob) }) + rather;
    if (surprise < 3) return item;
    const figure = element("sub", "", share(logprob));
    const both = element("span", "surprising");
    both.append(item, figure);
    return both;
  }
}
