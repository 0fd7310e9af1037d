// The card of a run that was asked for and is not accepted yet: in its place and in its size at once, then the run itself
// takes its place, or the reason why it was refused does, with the words that were asked and a way to ask again.
import { fill, words } from "../shared/words.js";

const parts = () => document.getElementById("asked"); // the template of cards
const open = new Map(); // card → promise that its answer is there
let count = 0;

/** The first element of a partial's HTML. */
export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return document.importNode(template.content.firstElementChild, true); // in a template its pictures would not load
}

/** When all that was asked for so far has its answer: a run that the stream tells of meanwhile may be one of them. */
export const answers = () => Promise.all(open.values());

/** Give a run the focus, so that the next keys are for its variants. */
export function enter(run) {
  run.tabIndex = -1; // no stop of the tab key
  run.focus({ preventScroll: true });
}

/** "Vary subtly · Revision 3". */
function described(request, label) {
  const parent = request.parents?.[0]?.revision;
  if (!parent) return words.run.fresh;
  const number = document.querySelector(`[data-revision="${CSS.escape(parent)}"]`)?.dataset.number;
  return [label, number && fill(words.revision, { n: number })].filter(Boolean).join(" · ");
}

/** Width and height that a picture will have: as the request says, or near its parent's, of those that engines make. */
function proportions({ params, parents }, ratios) {
  const parent = parents?.[0] && document.querySelector(`[data-revision="${CSS.escape(parents[0].revision)}"] img`);
  const own = parent?.naturalWidth ? parent.naturalWidth / parent.naturalHeight : 0;
  const sized = ratios.map((ratio) => ratio.split(":").map(Number));
  const off = ([width, height]) => Math.abs(Math.log(width / height / own));
  if (own) return sized.toSorted((one, other) => off(one) - off(other))[0];
  return sized[ratios.indexOf(params?.aspect ?? "1:1")] ?? [params?.width ?? 1, params?.height ?? 1];
}

/** Until a variant of `run` has a preview, it shows what `before` showed in its place. */
function cover(run, before) {
  const images = run.querySelectorAll(".coming .look > img");
  before?.querySelectorAll(".look > img").forEach(({ src, hidden }, index) => {
    if (images[index]?.hidden && src && !hidden) Object.assign(images[index], { src, hidden: false });
  });
}

export class Card {
  #done;

  /** `label` names the button that asks, `request` is what it asks for; a sketch covers the run `before` it. */
  constructor(request, label, before = null) {
    Object.assign(this, { request, label });
    for (const old of document.querySelectorAll("#runs > .refused[data-marked]")) old.remove(); // its words are in the brief
    const template = parts().content.querySelector(`[data-for="${request.verb === "line" ? "line" : "any"}"] .run`);
    this.run = document.importNode(template, true);
    this.run.id = `asked-${++count}`;
    this.run.dataset.status = "asked";
    delete this.run.dataset.generation;
    for (const part of this.run.querySelectorAll("header form, header ~ *")) part.inert = true;
    this.run.querySelector("h3").id = `${this.run.id}-name`;
    for (const named of this.run.querySelectorAll("[aria-labelledby]")) named.setAttribute("aria-labelledby", `${this.run.id}-name`);
    this.run.setAttribute("aria-labelledby", `${this.run.id}-name`);
    this.#draw();
    cover(this.run, before);
    document.getElementById("empty")?.remove();
    document.getElementById("runs").prepend(this.run);
    this.#wait();
  }

  #draw() {
    const { request, run } = this;
    const number = Math.max(1, request.count || 1);
    run.querySelector("h3").textContent = words.run[request.verb === "line" ? "lines" : "variants"][number - 1];
    run.querySelector(".how").textContent = described(request, this.label);
    run.classList.toggle("sketch", request.params?.pace === "sketch");
    run.querySelector(".state").textContent = words.run.sending;
    run.dataset.count = number;
    const articles = [...run.querySelectorAll("article")];
    for (const article of articles) article.removeAttribute("id");
    for (const article of articles.slice(number)) article.remove();
    const ratios = parts().dataset.ratios.split(" ");
    const size = run.querySelector(".frame") && proportions(request, ratios);
    for (const frame of run.querySelectorAll(".frame")) frame.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
  }

  #wait() {
    open.set(this, new Promise((done) => (this.#done = done)));
    this.run.ariaBusy = "true";
  }

  #answered() {
    open.delete(this);
    this.run.ariaBusy = null;
    this.#done();
  }

  /** The run that was accepted takes the card's place, in the room that was kept. */
  become(run) {
    const frames = this.run.querySelectorAll(".frame");
    for (const [at, frame] of run.querySelectorAll(".frame").entries()) {
      if (frames[at]) frame.setAttribute("viewBox", frames[at].getAttribute("viewBox"));
    }
    cover(run, this.run);
    const held = this.run.contains(document.activeElement);
    this.run.replaceWith(run);
    if (held) enter(run);
    this.#answered();
  }

  /** Nothing came of it, and that is said elsewhere. */
  remove() {
    this.run.remove();
    this.#answered();
  }

  /** Say in its place why nothing came, and keep what was asked. `marked`: the brief's fields say it too. `offers`: what
   * can be done about it, as an element; its buttons ask `instead` of other engines. */
  refuse(message, again = null, { marked = false, offers = null, instead = null } = {}) {
    const { run, request } = this;
    run.style.minHeight = `${run.offsetHeight}px`; // nothing below moves
    const held = run.contains(document.activeElement);
    const ended = document.importNode(parts().content.querySelector(".ended"), true);
    ended.querySelector(".wrong").textContent = message;
    ended.querySelector(".words").textContent = request.brief?.intent ?? "";
    const button = ended.querySelector("button");
    if (offers) button.before(offers);
    for (const other of ended.querySelectorAll("[data-instead]")) {
      if (!again) other.remove();
      other.addEventListener("click", () => {
        instead(other.dataset.instead);
        again(other);
      });
    }
    if (again && !offers) button.addEventListener("click", () => again(button));
    else button.remove(); // the same engine would say the same
    run.querySelector("header").nextElementSibling.replaceWith(ended);
    for (const part of run.querySelectorAll(".state, progress, header form")) part.remove();
    run.classList.add("refused");
    run.dataset.status = "refused";
    run.toggleAttribute("data-marked", marked);
    if (held) enter(run);
    this.#answered();
  }
}
