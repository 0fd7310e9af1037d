// Variants of a text while they are written. Pieces only add to one another within one attempt of the worker; when an
// attempt begins, all sheets are empty again, so that two attempts are never mixed. Each variant can be stopped alone.
import { during } from "../shared/busy.js";
import { complain } from "../bench/runs.js";
import { post, rooted, told } from "../shared/http.js";

const lengths = new WeakMap(); // the element that is written into → how many code points stand in it

function empty(run) {
  for (const sheet of run.querySelectorAll(".coming .written")) {
    sheet.textContent = "";
    lengths.delete(sheet);
  }
}

/** Put a piece where it belongs. What stands there already (told again after a reconnection) is left. */
function append(run, { index, start, text }) {
  const sheet = run.querySelector(`.coming[data-index="${index}"] .written`);
  if (!sheet) return;
  const known = lengths.get(sheet) ?? 0;
  const points = [...text];
  if (start > known || start + points.length <= known) return; // after a gap only the end of the run is true
  const prose = sheet.parentElement;
  const follows = prose.scrollTop + prose.clientHeight >= prose.scrollHeight - 4;
  sheet.append(points.slice(known - start).join(""));
  sheet.normalize();
  lengths.set(sheet, start + points.length);
  if (follows) prose.scrollTop = prose.scrollHeight;
}

/** A variant needs no more words, though others of its run may. */
function finished(run, index) {
  const article = run.querySelector(`.coming[data-index="${index}"]`);
  const stop = article?.querySelector("[data-stop]");
  if (!stop) return;
  article.dataset.ended = "";
  article.querySelector(".named").textContent = stop.ariaDisabled === "true" ? stop.dataset.stopped : stop.dataset.written;
  stop.hidden = true;
}

function written({ detail: { run, data } }) {
  const attempt = String(data.attempt ?? 1);
  if (data.step === 0 || run.dataset.attempt !== attempt) empty(run);
  run.dataset.attempt = attempt;
  for (const piece of data.pieces ?? []) append(run, piece);
  for (const index of data.ended ?? []) finished(run, index);
}

async function stop(button) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  const { generation } = button.closest(".run").dataset;
  try {
    await during(button, post(rooted(`/generations/${generation}/stops`), { index: Number(button.dataset.stop) }));
    button.closest("article").querySelector(".named").textContent = button.dataset.stopped;
  } catch (problem) {
    button.ariaDisabled = null;
    complain(told(problem));
  }
}

export function streaming(bench) {
  document.addEventListener("stemma:step", written);
  bench.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-stop]");
    if (button) stop(button);
  });
}
