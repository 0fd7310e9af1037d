// Line by line: one candidate is put into the text, or put there to be changed; the others stay in the lineage.

/** Only the newest list is a landmark of the page. */
function name(bench) {
  bench.querySelectorAll(".candidates").forEach((list, at) => {
    list.dataset.name ??= list.getAttribute("aria-label");
    if (at === 0) list.setAttribute("aria-label", list.dataset.name);
    else list.removeAttribute("aria-label");
  });
}

export function candidates(bench, editor, desk) {
  async function use(button) {
    const article = button.closest("article");
    const line = article.querySelector(".written");
    const start = Number(line.dataset.start);
    const end = start + [...line.textContent].length;
    if (!(await desk.goOn({ id: article.dataset.revision, number: article.dataset.number }, button))) return;
    if ("edit" in button.dataset) editor.select(start + (line.textContent.startsWith("\n") ? 1 : 0), end);
    else editor.select(end, end);
    editor.focus();
  }

  bench.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-use], [data-edit]");
    if (button) use(button);
  });
  document.addEventListener("stemma:run", () => name(bench));
  name(bench);
}
