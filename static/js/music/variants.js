// Variants as small scores: drawn when they come near the window, growing while they are written, played by a press.
import { get, rooted } from "../shared/http.js";
import { Score } from "./score.js";
import { units } from "./source.js";

const SMALL = 0.62; // of the size on the sheet
const NEAR = "600px"; // around the window
const BEAT = 100; // ms between two drawings of a growing tune

const scores = new WeakMap(); // article → Score
const texts = new WeakMap(); // article → its ABC

/** The small score of an article, made when it is first asked for. */
export function scoreOf(article) {
  const host = article.querySelector(".score");
  const known = scores.get(article);
  if (known?.host === host) return known;
  const made = new Score(host, { scale: SMALL, tempo: false });
  scores.set(article, made);
  return made;
}

/** The ABC of a variant, as far as it is written. */
export const textOf = (article) => texts.get(article) ?? article.querySelector(".abc")?.textContent ?? "";

/** Draw a variant's tune, with a band around the bars that were written anew. */
export function drawIn(score, article, text = textOf(article)) {
  score.source = text;
  const { anew } = article.dataset; // bars that were written anew: a band tells which
  if (anew) {
    const [start, end] = anew.split(" ").map((point) => units(score.source, Number(point)));
    score.bars = [{ number: 1, start, end }];
  }
  if (score.draw(score.source) && anew) score.choose(1, 1);
}

const draw = (article) => drawIn(scoreOf(article), article);

const watching = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      watching.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: NEAR },
);

function watch(root) {
  for (const article of root.querySelectorAll("article.tune:has(.score)"))
    if (!article.querySelector(".score svg")) watching.observe(article);
}

/** Put a piece where it belongs. What stands there already (told again after a reconnection) is left. */
function append(article, { start, text }) {
  const known = textOf(article);
  const length = [...known].length;
  const points = [...text];
  if (start > length || start + points.length <= length) return; // after a gap only the end of the run is true
  texts.set(article, known + points.slice(length - start).join(""));
  soon(article);
}

const waiting = new Map(); // article → when it was drawn last

function soon(article) {
  if (article.dataset.drawing) return;
  article.dataset.drawing = "soon";
  const pause = Math.max(0, BEAT - (performance.now() - (waiting.get(article) ?? 0)));
  setTimeout(
    () =>
      requestAnimationFrame(() => {
        delete article.dataset.drawing;
        waiting.set(article, performance.now());
        if (!article.isConnected) return waiting.delete(article);
        draw(article);
        performance.mark("stemma:bars", { detail: { shown: Date.now() / 1000 } });
      }),
    pause,
  );
}

function written({ detail: { run, data } }) {
  const attempt = String(data.attempt ?? 1);
  if (run.dataset.attempt !== attempt) {
    for (const article of run.querySelectorAll(".coming.tune")) {
      texts.delete(article);
      soon(article);
    }
  }
  run.dataset.attempt = attempt;
  for (const piece of data.pieces ?? []) {
    const article = run.querySelector(`.coming.tune[data-index="${piece.index}"]`);
    if (article) append(article, piece);
  }
}

/** The order of a run's variants: as made, or by what their facts tell. Names and keys stay with them. */
function sort(select) {
  const grid = select.closest(".run").querySelector(".grid");
  const by = {
    made: (one) => Number(one.dataset.index),
    new: (one) => Number(one.dataset.shared),
    fit: (one) => -Number(one.dataset.fit),
    high: (one) => -Number(one.dataset.height),
    low: (one) => Number(one.dataset.height),
  }[select.value];
  const order = [...grid.children].sort((one, other) => by(one) - by(other) || by === undefined || one.dataset.index - other.dataset.index);
  grid.append(...order);
}

export function showing(bench) {
  document.addEventListener("stemma:step", written);
  document.addEventListener("stemma:run", ({ detail: run }) => {
    for (const article of run.querySelectorAll("article.tune:not(.coming):has(.score)")) draw(article);
  });
  document.addEventListener("htmx:after:swap", ({ target }) => {
    const article = target.closest?.("article.tune");
    if (article?.querySelector(".score")) draw(article);
    else watch(bench);
  });
  bench.addEventListener("change", ({ target }) => target.matches("[data-sort]") && sort(target));
  new ResizeObserver(() => {
    for (const article of bench.querySelectorAll("article.tune:has(.score svg)")) {
      if (Math.abs(scoreOf(article).width - article.querySelector(".score").clientWidth) > 8) watching.observe(article);
    }
  }).observe(document.getElementById("variants"));
  watch(bench);
}

/** A variant that is too long for the page has only its beginning there: fetch the whole. */
export async function whole(article) {
  if (!("cut" in article.dataset)) return textOf(article);
  const { text } = await get(rooted(`/revisions/${article.dataset.revision}`));
  texts.set(article, text);
  delete article.dataset.cut;
  return text;
}
