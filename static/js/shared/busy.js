// Something answers at once: a control that sends something to the studio is seen and heard at work before the answer is
// there, and pressed again meanwhile it sends nothing. What htmx sends, and forms that lead to another page, are noticed
// here; what a script sends is told by `during` or `hold`.
import { fill, words } from "./words.js";

const CONTROLS = "button, summary, [role=button]";
const SOON = 60; // ms: an answer that is there by then is not announced as awaited
const held = new Map(); // control → how many answers it waits for
const aloud = document.getElementById("working");
let pressed = null; // the control whose press is being handled

/** What a control is called. */
export function called(control) {
  if (control.ariaLabel) return control.ariaLabel;
  const copy = control.cloneNode(true);
  for (const unheard of copy.querySelectorAll("[aria-hidden=true], .unseen")) unheard.remove();
  return (copy.textContent.trim() || control.textContent.trim()).replaceAll(/\s+/g, " ");
}

function announce(control) {
  if (held.has(control)) aloud.textContent = fill(words.working, { what: called(control) });
}

function tell() {
  const control = [...held.keys()].at(-1);
  document.documentElement.toggleAttribute("data-working", Boolean(control));
  const dialog = control?.closest("dialog"); // what is behind an open dialog is not heard
  if (dialog && !dialog.contains(aloud)) dialog.append(aloud);
  else if (!dialog && aloud.parentElement !== document.body) document.body.append(aloud);
  if (!control) aloud.textContent = "";
  else setTimeout(() => announce(control), SOON);
}

/** Show a control (without one: the one that was just pressed) at work. Gives what ends that. */
export function hold(control = pressed) {
  if (!control) return () => {};
  held.set(control, (held.get(control) ?? 0) + 1);
  control.ariaBusy = "true";
  tell();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    const left = held.get(control) - 1;
    if (left > 0) return held.set(control, left);
    held.delete(control);
    control.ariaBusy = null;
    tell();
  };
}

/** Show a control at work until `answer` is there; gives the answer. */
export async function during(control, answer) {
  const release = hold(control ?? undefined);
  try {
    return await answer;
  } finally {
    release();
  }
}

/** Remember the control while its press is handled; true when it is still at work. */
function press(control) {
  pressed = control;
  setTimeout(() => {
    if (pressed === control) pressed = null;
  });
  return held.has(control);
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

addEventListener("click", (event) => press(event.target.closest?.(CONTROLS) ?? null) && stop(event), true);

addEventListener(
  "submit",
  (event) => {
    const control = event.submitter ?? event.target.querySelector("[type=submit], button:not([type])");
    if (press(control)) stop(event);
  },
  true,
);

// After all others have heard of it: a form that no script takes leads to another page.
addEventListener("submit", ({ defaultPrevented, target, submitter }) => {
  if (!defaultPrevented && (submitter?.formMethod || target.method) !== "dialog") hold(submitter ?? pressed);
});

document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
  const summary = ctx.sourceEvent?.type === "toggle" ? target.querySelector("summary") : null;
  const control = pressed && target.contains(pressed) ? pressed : summary;
  if (!control) return; // nobody pressed anything: it is asked now and then
  const { fetch } = ctx;
  ctx.fetch = (...request) => during(control, fetch(...request));
});

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return; // back from another page, as it was left
  for (const control of held.keys()) control.ariaBusy = null;
  held.clear();
  tell();
});
