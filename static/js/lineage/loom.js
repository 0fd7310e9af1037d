// A loom under the keys: arrows walk from node to node, Enter goes on from there, O opens. On its own page a node that is
// looked at comes into the middle, with the way there read as one text; beside the bench a click opens the revision.
const LINKS = "a[data-number]";
const host = document.getElementById("loom");

const item = (link) => link.closest("li");
const first = (li) => li?.querySelector(`:scope > .end > ${LINKS}`);

/** The link of a bough, or of the first below it where words are shared that no revision ends with. */
function into(li) {
  return li && (first(li) ?? li.querySelector(LINKS));
}

function above(li) {
  for (let up = li.parentElement.closest("li"); up; up = up.parentElement.closest("li")) if (first(up)) return first(up);
  return null;
}

function below(li) {
  const children = [...li.querySelectorAll(":scope > ol > li")];
  return into(children.find((child) => child.matches(".way, .here")) ?? children[0]);
}

/** The sibling on that side; at the end of a row the node that one sees next. */
function beside(li, step) {
  const sibling = step > 0 ? li.nextElementSibling : li.previousElementSibling;
  if (sibling && into(sibling)) return into(sibling);
  const all = [...li.closest(".loom").querySelectorAll(LINKS)].filter((link) => first(item(link)) === link);
  return all[all.indexOf(first(li) ?? into(li)) + step];
}

const walks = { ArrowLeft: above, ArrowRight: below, ArrowUp: (li) => beside(li, -1), ArrowDown: (li) => beside(li, 1) };

/** Go on from the revision that a link names: it comes to the bench, where the base is already. */
function goOn(link) {
  const button = link.parentElement.querySelector("button.go");
  if (button) button.form.requestSubmit(button);
  else if (host) location.href = host.dataset.url.replace(/\/loom$/, "");
}

let asked = null;

/** On the loom's page: bring a revision into the middle. */
async function look(number, focus) {
  asked?.abort();
  asked = new AbortController();
  const address = `${host.dataset.url}?at=${number}`;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html", "HX-Request": "true" }, signal: asked.signal });
    if (!answer.ok) return;
    host.innerHTML = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return;
  }
  const link = host.querySelector("[aria-current]");
  history.replaceState(null, "", address);
  for (const view of document.querySelectorAll(".views a")) view.search = `?at=${number}`;
  document.getElementById("told").textContent = `${link.ariaLabel}. ${link.previousElementSibling?.textContent ?? ""}`;
  link.scrollIntoView({ block: "nearest" });
  if (focus) link.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  const link =
    event.target.closest?.(`[data-loom] ${LINKS}`) ?? (host && event.target === document.body && host.querySelector("[aria-current]"));
  if (!link || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return;
  if (event.key in walks) {
    event.preventDefault();
    const next = walks[event.key](item(link));
    if (!next) return;
    next.focus();
    if (host) look(next.dataset.number, true);
  } else if (event.key === "Enter") {
    event.preventDefault();
    goOn(link);
  } else if (event.key.toLowerCase() === "o") {
    event.preventDefault();
    location.href = link.href;
  }
});

host?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-number], a[data-onward]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  look(link.dataset.number ?? link.dataset.onward, true);
});
