// Keys: a control that names its key in aria-keyshortcuts is pressed by it. Silent while one types, while a dialog is
// open, and when the artist switched the keys off ("?" still opens the list, so they can be switched on again). Escape leaves
// whatever one types in.

const MODIFIERS = ["Control", "Alt", "Shift", "Meta"];

/** The chord of an event as ARIA writes it: "Shift+V", "Control+Enter", "?". */
export function chord(event) {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const letter = /^[\p{L}]$/u.test(key) || event.key.length > 1;
  const held = MODIFIERS.filter((name) => event.getModifierState(name) && (name !== "Shift" || letter));
  return [...held, key].join("+");
}

/** Whether keys pressed there are words. */
export function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["button", "checkbox", "radio", "submit"].includes(target.type);
}

/** In sight, or folded away in a popover that could be opened. */
function usable(control) {
  const folded = control.closest("[popover]:not(:popover-open)");
  const shown = folded ? !control.hidden && folded.parentElement.checkVisibility() : control.checkVisibility();
  return shown && !control.disabled && control.getAttribute("aria-disabled") !== "true";
}

/** The controls on the page that answer to this chord. */
const all = (wanted) => [...document.querySelectorAll(`[aria-keyshortcuts~="${CSS.escape(wanted)}"]`)];

/** A chord of the legend (templates/_keys.html) did nothing: the page says why, with the reason of its control if it has one. */
function unusable(wanted) {
  const printed = [...document.querySelectorAll("#keys dt kbd")].map((key) => key.textContent);
  if (!/^[1-8]$/.test(wanted) && !printed.includes(wanted.replace("Shift+", "⇧ "))) return;
  const why = all(wanted).find((control) => control.checkVisibility() && control.title)?.title ?? "";
  document.dispatchEvent(new CustomEvent("stemma:unusable", { detail: { chord: wanted, why } }));
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const wanted = chord(event);
  if (wanted === "Escape" && typing(event.target)) return event.target.blur();
  const always = /^(Control|Meta|Control\+Shift|Shift\+Meta|Alt)\+Enter$/.test(wanted); // meant for the midst of writing
  const off = document.documentElement.dataset.keys === "off" && wanted !== "?";
  if ((typing(event.target) && !always) || (off && !always)) return;
  const control = all(wanted).find(usable);
  if (!control) return wanted === "Enter" ? undefined : unusable(wanted); // Enter presses what has the focus
  event.preventDefault();
  if (control.matches("input, textarea")) {
    control.focus();
    control.select();
  } else {
    control.click();
  }
});
