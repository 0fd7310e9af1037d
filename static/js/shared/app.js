// What every page has: keys, times that go on, dialogs, the theme without a reload, and words about what went wrong, in place.
import "./ago.js";
import "./busy.js";
import "./done.js";
import "./keys.js";
import { words } from "./words.js";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  if (event.target.closest("#problem [data-dismiss]")) problem().replaceChildren();
  if (event.target.matches("dialog")) event.target.close(); // a press on the veil around it
});

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-enhance=theme]")) return;
  event.preventDefault();
  const button = event.target.querySelector("button");
  const theme = button.value;
  document.documentElement.dataset.theme = theme;
  for (const icon of button.querySelectorAll("[data-theme-icon]")) icon.hidden = icon.dataset.themeIcon !== theme;
  button.ariaLabel = button.title = button.dataset[theme];
  button.value = { auto: "light", light: "dark", dark: "auto" }[theme];
  await fetch(event.target.action, { method: "POST", body: new URLSearchParams({ theme }), redirect: "manual", keepalive: true });
});

if (/Mac|iP(hone|ad)/.test(navigator.platform)) {
  for (const kbd of document.querySelectorAll("kbd[data-mac]")) kbd.textContent = kbd.dataset.mac;
}

// A press that could not be sent; what the server refuses comes as its own partial.
document.addEventListener("htmx:error", () => {
  problem().replaceChildren(Object.assign(document.createElement("p"), { textContent: words.lost }));
});

function problem() {
  return document.getElementById("problem");
}

/** Say at each field what is allowed there. `wrong` is [{field, message}]; true when each has its place. */
export function mark(form, wrong) {
  for (const old of form.querySelectorAll(".wrong[data-for]")) old.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
    if (field.dataset.described) field.setAttribute("aria-describedby", field.dataset.described);
    else field.removeAttribute("aria-describedby");
  }
  let placed = 0;
  for (const { field, message } of wrong) {
    const name = CSS.escape(field.replace(/\.\d+$/, "")); // an entry of a list is a line of its textarea
    const control = form.querySelector(`[name="${name}"]:not([type=hidden], [disabled])`);
    if (!control) continue;
    const said = document.createElement("p");
    said.className = "wrong";
    said.id = `wrong-${field.replaceAll(/\W/g, "-")}`;
    said.dataset.for = field;
    said.textContent = message;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", said.id);
    control.dataset.described ??= control.getAttribute("aria-describedby") ?? "";
    control.setAttribute("aria-describedby", `${control.dataset.described} ${said.id}`.trim());
    (control.closest(".field") ?? control.parentElement).append(said);
    for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    placed += 1;
  }
  return placed > 0 && placed === wrong.length;
}
