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

/** The first control on the page that answers to this chord. */
function find(wanted) {
  const selector = `[aria-keyshortcuts~="${CSS.escape(wanted)}"]`;
  return [...document.querySelectorAll(selector)].find(usable);
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const wanted = chord(event);
  if (wanted === "Escape" && typing(event.target)) return event.target.blur();
  const always = /^(Control|Meta|Control\+Shift|Shift\+Meta|Alt)\+Enter$/.test(wanted); // meant for the midst of writing
  const off = document.documentElement.dataset.keys === "off" && wanted !== "?";
  if ((typing(event.target) && !always) || (off && !always)) return;
  const control = find(wanted);
  if (!control) return;
  event.preventDefault();
  if (control.matches("input, textarea")) {
    control.focus();
    control.select();
  } else {
    control.click();
  }
});
