// The menu of a tile: a link to a page of its own, which a script shows in a dialog.
const dialog = document.getElementById("menu");
const body = document.getElementById("menu-body");

document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-menu]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(opener);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches?.("a[data-menu]")) return;
  event.preventDefault(); // a button is pressed by the space bar, too
  open(event.target);
});

async function open(opener) {
  document.getElementById("menu-title").textContent = opener.dataset.menu;
  dialog.dataset.of = opener.pathname.replace(/\/menu$/, "");
  body.replaceChildren();
  dialog.showModal();
  try {
    const answer = await fetch(opener.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(answer.statusText);
    body.innerHTML = await answer.text();
    body.querySelector("a, button")?.focus();
  } catch {
    location.assign(opener.href); // the page itself says what is wrong
  }
}
