// The text held against its form, line by line, while it is written: whose lines they are makes no difference.
import { read } from "../bench/form.js";
import { post, rooted } from "../shared/http.js";
import { words } from "../shared/words.js";

const PAUSE = 350; // ms after the last change
const MARKS = new Map([
  [true, "✓"],
  [false, "✗"],
  [null, "?"],
]);

const element = (tag, kind, text = "") => Object.assign(document.createElement(tag), { className: kind, textContent: text });

export class FormCheck {
  #timer = 0;
  #asked = 0;
  #last = "";

  whole = false;

  /** `told(whole)` hears when the text becomes whole, or is so no longer. */
  constructor(region, editor, form, told) {
    Object.assign(this, { region, editor, form, told });
    editor.on("change", () => this.#soon());
    form.addEventListener("input", ({ target }) => target.name?.startsWith("form.") && this.#soon());
    form.addEventListener("change", ({ target }) => target.name?.startsWith("form.") && this.#soon());
    region.addEventListener("click", ({ target }) => {
      const line = target.closest("[data-start]");
      if (!line) return;
      editor.select(Number(line.dataset.start), Number(line.dataset.end));
      editor.focus();
    });
    this.#soon(0);
  }

  #soon(pause = PAUSE) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), pause);
  }

  async #check() {
    const { form } = read(this.form);
    const { text } = this.editor;
    if (!form || !text.trim()) {
      this.#last = "";
      this.region.hidden = true;
      return this.#tell(false);
    }
    const key = JSON.stringify([form, text]);
    if (key === this.#last) return;
    const turn = ++this.#asked;
    try {
      const report = await post(rooted("/forms/checks"), { text, form });
      if (turn !== this.#asked) return; // one wrote on meanwhile
      this.#last = key;
      this.#tell(report.whole);
      this.#draw(report, [...text]);
    } catch (problem) {
      if (turn === this.#asked) this.#refused(problem);
    }
  }

  /** Whether the text has all the lines that its form asks for: then there is no next one. */
  #tell(whole) {
    if (whole === this.whole) return;
    this.whole = whole;
    this.told(whole);
  }

  /** A form that cannot be (its field tells): what was found before would be about another one. */
  #refused(problem) {
    this.region.replaceChildren(element("p", "wrong", problem.detail ?? ""));
    this.region.hidden = !problem.detail;
  }

  #draw(report, points) {
    const { holds, partly } = words.prosody;
    const every = [...report.lines.flatMap((line) => line.findings), ...report.findings];
    const kept = every.filter((finding) => finding.holds).length;
    const wrong = every.some((finding) => finding.holds === false && !finding.open);
    const head = element("p", "verdict");
    head.append(
      element("b", "", report.title),
      element(
        "span",
        report.holds ? "yes" : wrong ? "no" : "unsure",
        report.holds ? `✓ ${holds}` : partly.replace("{n}", kept).replace("{all}", every.length),
      ),
      element("span", "pattern", report.pattern),
    );
    const lines = element("ol", "held");
    lines.append(...report.lines.map((line, at) => this.#line(line, at, points)));
    const whole = element("ul", "whole");
    whole.append(...report.findings.map((finding) => this.#finding(finding, "li")));
    this.region.replaceChildren(head, lines, ...(report.findings.length ? [whole] : []));
    this.region.hidden = false;
  }

  #line({ start, end, tones, rhyme, letter, findings }, at, points) {
    const item = element("li", "");
    const button = element("button", "quiet", points.slice(start, end).join(""));
    Object.assign(button.dataset, { start, end });
    button.type = "button";
    button.ariaLabel = `${words.prosody.line.replace("{n}", at + 1)}: ${button.textContent}`;
    const found = element("span", "facts");
    if (/^[平仄中]+$/.test(tones))
      found.append(element("span", "tones", tones.replaceAll("平", "○").replaceAll("仄", "●").replaceAll("中", "◐")));
    if (letter) found.append(element("span", "letter", words.prosody.rhyme.replace("{n}", rhyme || letter)));
    const wrong = findings.filter(({ holds }) => !holds);
    if (findings.length > wrong.length)
      found.append(
        this.#kept(
          findings.filter(({ holds }) => holds),
          wrong.length,
        ),
      );
    found.append(...wrong.map((finding) => this.#finding(finding, "span")));
    item.append(button, found);
    return item;
  }

  /** What holds is said in one word, and at length on request: what does not is what one looks for. */
  #kept(findings, wrong) {
    const item = this.#finding({ holds: true, message: wrong ? "" : words.prosody.yes }, "span");
    item.title = findings.map(({ message }) => message).join("\n");
    return item;
  }

  #finding({ holds, message, open }, tag) {
    const { yes, no, unsure, open: unwritten } = words.prosody;
    const item = element(tag, holds === null || open ? "unsure" : holds ? "yes" : "no");
    const mark = Object.assign(element("b", "", open ? "○" : MARKS.get(holds)), { ariaHidden: "true" });
    const word = element("span", "unseen", open ? unwritten : holds === null ? unsure : holds ? yes : no);
    item.append(mark, ...(message === yes ? [] : [word]), ` ${message}`);
    return item;
  }
}
