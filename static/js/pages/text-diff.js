// Two texts compared: the view changes without losing the place, N goes to the next change, a move's ends lead to each other.
const section = document.querySelector(".written-diff");
const PLACE = "stemma-diff-place";

/** The line nearest to the top of the window, and how far below the top it stands. */
function place() {
  const lines = [...section.querySelectorAll(".line")].filter((line) => line.checkVisibility());
  const line = lines.find((one) => one.getBoundingClientRect().bottom > 80) ?? lines.at(-1);
  return line && { a: Number(line.dataset.a) || 0, b: Number(line.dataset.b) || 0, top: line.getBoundingClientRect().top };
}

/** The line that says the same in this view, or the one after it. */
function found({ a, b }) {
  const lines = [...section.querySelectorAll(".line")].filter((line) => line.checkVisibility());
  return lines.find((line) => (b && Number(line.dataset.b) >= b) || (!b && Number(line.dataset.a) >= a)) ?? lines.at(-1);
}

function keep() {
  sessionStorage.setItem(PLACE, JSON.stringify({ ...place(), path: location.pathname }));
}

function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  sessionStorage.removeItem(PLACE);
  if (!kept || kept.path !== location.pathname) return;
  const line = found(kept);
  if (line) scrollBy({ top: line.getBoundingClientRect().top - kept.top, behavior: "instant" });
}

function next(step) {
  const changes = [...section.querySelectorAll(".line.changed")];
  const middle = (line) => line.getBoundingClientRect().top - innerHeight / 3;
  const there = step > 0 ? changes.find((line) => middle(line) > 4) : changes.findLast((line) => middle(line) < -4);
  if (!there) return;
  there.tabIndex = -1;
  there.focus({ preventScroll: true });
  scrollBy({ top: middle(there), behavior: "instant" });
}

for (const link of section.querySelectorAll("nav a")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    keep();
    location.replace(new URL(link.getAttribute("href").split("#")[0], location.href.split("#")[0]));
  });
}
for (const button of section.querySelectorAll("[data-next]")) {
  button.hidden = false;
  button.addEventListener("click", () => next(Number(button.dataset.next)));
}
section.addEventListener("click", (event) => {
  const link = event.target.closest(".moved a");
  if (!link) return;
  event.preventDefault();
  const here = link.closest(".moved");
  const other = here.dataset.end === "from" ? "to" : "from";
  const there = section.querySelector(`[data-move="${here.dataset.move}"][data-end="${other}"]`);
  there?.scrollIntoView({ block: "center", behavior: "instant" });
  there?.querySelector("a")?.focus({ preventScroll: true });
});
comeBack();
