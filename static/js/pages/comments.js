// Comments on a revision's page: pins are drawn again whenever the threads are, and a new comment learns its place.
import { aim } from "./aiming.js";
import { draw } from "./pins.js";
import { follow } from "./selected.js";

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

arrived();
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
