// A tune's page: its score, played from wherever one presses. A very long tune is drawn in part until the rest is asked for.
import { Score } from "./score.js";
import { cutAfter } from "./sheet.js";
import { Transport } from "./transport.js";

const AT_ONCE = 128; // bars
const host = document.querySelector(".sheet-music .score");
const text = document.querySelector(".sheet-music .abc").textContent;
const more = document.querySelector(".sheet-music .more");
const score = new Score(host);
const transport = new Transport(document.getElementById("player"));
let cut = cutAfter(text, AT_ONCE);

function draw() {
  host.hidden = false;
  const there = score.draw(text.slice(0, cut));
  host.hidden = !there;
  more.hidden = !there || !text.slice(cut).trim();
  if (there) document.dispatchEvent(new CustomEvent("stemma:score", { detail: score })); // where bars are told of in comments
  return there;
}

if (draw()) {
  const { revision, named } = host.dataset;
  transport.stand({ id: revision, score, named, text: () => text, whole: () => more.hidden, range: () => null });
  new ResizeObserver(() => Math.abs(score.width - host.clientWidth) > 8 && draw()).observe(host);
  host.addEventListener("click", (event) => {
    const { note } = score.under(event.clientX, event.clientY) ?? {};
    if (note) transport.from(note.start);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.repeat || event.defaultPrevented || document.documentElement.dataset.keys === "off") return;
    if (event.target.closest("button, a, input, select, summary, textarea, pre, dialog")) return; // the key is theirs
    event.preventDefault();
    transport.toggle();
  });
  more.querySelector("button").addEventListener("click", () => {
    cut = text.length;
    draw();
  });
}
