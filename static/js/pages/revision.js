// The revision's page: copy the recipe, take a pick back.
import { during } from "../shared/busy.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // not offered where it cannot work
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
    setTimeout(() => {
      button.textContent = words;
    }, 1600);
  });
}

document.querySelector("form[data-unpick]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const sent = fetch(event.target.action, { method: "DELETE", headers: { Accept: "application/json" } });
  const answer = await during(event.submitter, sent);
  if (answer.ok) location.reload();
});

// Ink shows who wrote what; it is remembered, since it belongs to the reader and not to one text.
const ink = document.querySelector("[data-switch-ink]");
if (ink) {
  const sheet = ink.closest(".sheet-of");
  const show = (on) => {
    sheet.classList.toggle("inked", on);
    ink.ariaPressed = on;
  };
  ink.hidden = false;
  show(localStorage.getItem("stemma-ink") !== "off");
  ink.addEventListener("click", () => {
    const on = !sheet.classList.contains("inked");
    localStorage.setItem("stemma-ink", on ? "on" : "off");
    show(on);
  });
}

const strip = document.querySelector(".way ol");
if (strip) strip.scrollLeft = strip.scrollWidth; // where it ends is where we are
