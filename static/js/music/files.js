// Files of a tune: those that the studio makes of a revision, and the drawing as it is on the screen.
import { drawable, engrave } from "./engraver.js";
import { field } from "./tonality.js";
import { rooted } from "../shared/http.js";

const WIDTH = 760; // px of a drawing that is saved
const INK = "#25221d"; // of a drawing that leaves the page: it has no theme

/** Save the score of `text` as an SVG with its title. */
export function drawing(text, name) {
  if (!drawable(text)) return false;
  const host = Object.assign(document.createElement("div"), { className: "unseen" });
  document.body.append(host);
  engrave(host, text, { width: WIDTH, title: true });
  const svg = host.querySelector("svg");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ");
  for (const [key, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height, color: INK }))
    svg.setAttribute(key, value);
  for (const key of ["style", "aria-hidden"]) svg.removeAttribute(key);
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = field(text, "T") || name;
  svg.prepend(title);
  save(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }), `${name}.svg`);
  host.remove();
  return true;
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Fetch a file of a revision; the page stays. */
export function file(revision, kind) {
  const link = Object.assign(document.createElement("a"), { href: rooted(`/revisions/${revision}/download?as=${kind}`), download: "" });
  link.click();
}
