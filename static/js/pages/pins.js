// The places of comments, drawn on what they are about: the number of its thread on a picture, behind words, above a bar.

let score = null; // of a tune, once it is drawn
document.addEventListener("stemma:score", ({ detail }) => {
  score = detail;
});

/** Draw the pins of `threads` (elements) in place of those that were there. */
export function draw(threads) {
  document.getElementById("comments").dataset.drawn = "true";
  for (const old of document.querySelectorAll(".seen .pin, .seen .pinned")) old.remove();
  CSS.highlights?.delete("comments");
  for (const thread of threads) {
    const place = JSON.parse(thread.dataset.place ?? "{}");
    if (place.point || place.box) onPicture(thread, place.point ?? place.box);
    if (place.range) onText(thread, place.range);
    if (place.bars && thread.dataset.bar) onScore(thread, Number(thread.dataset.bar));
  }
}

function pin({ id, dataset }) {
  const made = Object.assign(document.createElement("a"), { className: "pin", href: `#${id}`, textContent: dataset.number });
  made.toggleAttribute("data-resolved", "resolved" in dataset);
  return made;
}

function onPicture(thread, [left, top, across = 0, down = 0]) {
  const host = document.getElementById("picture");
  const image = host?.querySelector("img");
  if (!image) return;
  const size = [image.getAttribute("width"), image.getAttribute("height")];
  if (across) host.append(lay(Object.assign(document.createElement("span"), { className: "pinned" }), [left, top, across, down], size));
  host.append(lay(pin(thread), [left, top], size));
}

/** Lay `made` over a picture of `size`: at a point, or over an area. Gives it. */
export function lay(made, [x, y, across = 0, down = 0], [width, height]) {
  made.style.left = `${(100 * x) / width}%`;
  made.style.top = `${(100 * y) / height}%`;
  made.style.width = across ? `${(100 * across) / width}%` : "";
  made.style.height = down ? `${(100 * down) / height}%` : "";
  return made;
}

function onText(thread, [start, end]) {
  const range = rangeOf(document.querySelector(".sheet-of .body"), start, end);
  if (!range) return;
  if (CSS.highlights) {
    const lit = CSS.highlights.get("comments") ?? new Highlight();
    lit.add(range);
    CSS.highlights.set("comments", lit);
  }
  const after = range.cloneRange();
  after.collapse(false);
  after.insertNode(pin(thread));
}

function onScore(thread, at) {
  const part = score?.parts.find(({ end }) => at < end);
  if (!part) return;
  const svg = score.svg.getBoundingClientRect();
  const host = score.host.parentElement;
  const corner = host.getBoundingClientRect();
  const scale = svg.width / score.svg.viewBox.baseVal.width;
  const made = pin(thread);
  made.style.left = `${svg.left - corner.left + part.left * scale}px`;
  made.style.top = `${svg.top - corner.top + part.top * scale}px`;
  host.append(made);
}

/** The pieces of text in `body`, without what the pins say: [node, its place in Unicode code points, its length]. */
function* pieces(body) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  let at = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(".pin")) continue;
    const size = [...node.data].length;
    yield [node, at, size];
    at += size;
  }
}

/** The DOM range of code points `start` to `end` in `body`, or null. */
function rangeOf(body, start, end) {
  if (!body) return null;
  const range = document.createRange();
  let begun = false;
  for (const [node, at, size] of pieces(body)) {
    const units = (place) => [...node.data].slice(0, place - at).join("").length;
    if (!begun && start < at + size) {
      range.setStart(node, units(start));
      begun = true;
    }
    if (begun && end <= at + size) {
      range.setEnd(node, units(end));
      return range;
    }
  }
  return null;
}

/** Where a DOM position lies in `body`, in Unicode code points; null outside. */
export function placeOf(body, container, offset) {
  if (!body?.contains(container)) return null;
  const here = document.createRange();
  here.setStart(container, offset);
  let place = 0;
  for (const [node, at, size] of pieces(body)) {
    if (node === container) return at + [...node.data.slice(0, offset)].length;
    if (here.comparePoint(node, 0) >= 0) return at;
    place = at + size;
  }
  return place;
}
