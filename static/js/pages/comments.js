// Comments on a revision's page: pins are drawn again whenever the threads are, and a new comment learns its place.
import { rooted } from "../shared/http.js";
import { aim } from "./aiming.js";
import { draw } from "./pins.js";
import { follow } from "./selected.js";

const PARTIAL = { Accept: "text/html", "HX-Request": "true" };
const threads = () => [...document.querySelectorAll("#comments .thread")];

/** The threads were drawn, with the page or after a change. */
function arrived() {
  draw(threads());
  aim(document.getElementById("say"));
  follow(document.getElementById("say"));
}

/** A pin leads to its thread: it is opened, and seen. */
function open({ hash }) {
  const thread = hash.startsWith("#comment-") ? document.getElementById(hash.slice(1)) : null;
  if (!thread) return;
  document.getElementById("comments").open = true;
  thread.querySelector("details").open = true;
  thread.scrollIntoView({ block: "nearest" });
}

const EVERY = 4000; // ms between looks for what others said
const lists = "#comments > .threads, #comments > .earlier, #comments > .hint, #comments > summary";

/** Whether somebody writes in a thread: it is not drawn anew under their hands. */
const writing = () =>
  [...document.querySelectorAll(".threads textarea")].some((one) => one === document.activeElement || one.value !== one.defaultValue);

/** What the lists of threads say, whatever times stand beside it and whatever is folded. */
const said = (section) =>
  [...section.querySelectorAll(lists)]
    .map((one) => one.outerHTML.replaceAll(/<time[\s\S]*?<\/time>/g, "").replaceAll(' open=""', ""))
    .join();

/** What others said since appears by itself, while the page is seen; it ends with the right to see it. */
async function listen() {
  const section = document.getElementById("comments");
  if (!("others" in section.dataset)) return;
  let before = said(section);
  for (;;) {
    await new Promise((wake) => setTimeout(wake, EVERY));
    if (document.hidden || writing()) continue;
    const answer = await fetch(rooted(`/revisions/${section.dataset.revision}/comments`), { headers: PARTIAL }).catch(() => null);
    if (answer && [401, 403, 404].includes(answer.status)) return;
    if (!answer?.ok) continue;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("comments");
    const told = said(now);
    if (told === before || writing()) continue;
    take(now);
    before = told;
  }
}

/** The threads of `now` in place of those on the page; what is being written stays. */
function take(now) {
  const here = document.getElementById("comments");
  const opened = new Set([...here.querySelectorAll(".thread > details[open]")].map((one) => one.parentElement.id));
  const known = new Set(threads().map(({ id }) => id));
  for (const old of here.querySelectorAll(lists)) old.remove();
  here.prepend(...now.querySelectorAll(lists));
  for (const thread of threads()) if (known.has(thread.id)) thread.querySelector("details").open = opened.has(thread.id);
  globalThis.htmx?.process(here);
  draw(threads());
}

arrived();
listen();
open(location);
addEventListener("hashchange", () => open(location));
document.addEventListener("stemma:score", arrived); // its bars have their places now
document.addEventListener("htmx:after:swap", () => document.getElementById("comments")?.dataset.drawn || arrived());
document.addEventListener("click", ({ target }) => {
  const seconds = target.closest?.("[data-seconds]");
  const sound = seconds && document.querySelector(".recording audio");
  if (!sound) return;
  sound.currentTime = Number(seconds.dataset.seconds);
  sound.play();
});
