// A classic script that runs before the page is read: what is pressed or entered before its modules listen is told to them
// when they do. Forms that a browser sends by itself need none of this.
{
  const entered = new Map(); // control → the kinds of its events
  const pressed = new Set(); // buttons that only a script answers; pressed twice by somebody who waits, pressed once

  function keep(event) {
    const { target, type } = event;
    if (type !== "click") return entered.set(target, (entered.get(target) ?? new Set()).add(type));
    const button = target.closest("button");
    if (!button || (button.form && button.type === "submit")) return;
    event.preventDefault(); // the press to come is the only one: some modules may listen already
    event.stopImmediatePropagation();
    pressed.add(button);
  }

  const kinds = ["input", "change", "click"];
  for (const kind of kinds) addEventListener(kind, keep, true);
  document.addEventListener("DOMContentLoaded", () => {
    for (const kind of kinds) removeEventListener(kind, keep, true);
    setTimeout(() => {
      for (const [control, told] of entered) for (const kind of told) control.dispatchEvent(new Event(kind, { bubbles: true }));
      for (const button of pressed) button.click();
    });
  });
}
