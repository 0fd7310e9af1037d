// The bench's dialogs: two windows' drafts, and two pictures under one slider; settings of a verb.
import { read } from "./form.js";
import { complain } from "./runs.js";
import { rooted } from "../shared/http.js";
import { words } from "../shared/words.js";

/** A dialog with `ask(differences, decide)`: decide("mine" | "theirs"), or decide(null) when it was put off. */
export function conflict(dialog, form) {
  const rows = dialog.querySelector("tbody");
  const labels = JSON.parse(rows.dataset.labels);
  const label = (name) => form.querySelector(`label[for="${name.replace(".", "-")}"]`)?.textContent ?? labels[name] ?? name;
  dialog.addEventListener("click", ({ target }) => target.matches("footer button") && dialog.close(target.value));
  return {
    ask(differences, decide) {
      rows.replaceChildren(
        ...differences.map(([name, here, there]) => {
          const row = document.createElement("tr");
          row.append(
            ...[label(name), here, there].map((text, column) => {
              const cell = document.createElement(column ? "td" : "th");
              if (!column) cell.scope = "row";
              cell.textContent = text || "–";
              return cell;
            }),
          );
          return row;
        }),
      );
      dialog.returnValue = "";
      dialog.addEventListener("close", () => decide(dialog.returnValue || null), { once: true });
      dialog.showModal();
    },
  };
}

/** The selected variant over what is on the stage (without one: over the first variant of its run). */
export function compare(dialog, selection) {
  const right = selection.chosen;
  const left =
    document.getElementById("base") ?? [...right.closest(".grid").children].find((other) => other !== right && other.dataset.revision);
  if (!left) return complain(words.verbs.alone);
  const sides = { left: left.dataset, right: right.dataset };
  const over = dialog.querySelector("[data-side=right]");
  const range = dialog.querySelector("input[type=range]");
  const show = () => {
    // the edge is where the thumb is, also when one picture is narrower than the other
    const { left: from, width } = over.parentElement.getBoundingClientRect();
    over.style.clipPath = `inset(0 0 0 ${Math.max(0, from + (width * range.value) / 100 - over.getBoundingClientRect().left)}px)`;
  };
  for (const [side, data] of Object.entries(sides)) {
    dialog.querySelector(`[data-side=${side}]`).src = rooted(`/revisions/${data.revision}/content`);
    dialog.querySelector(`[data-name=${side}]`).textContent = data.named;
  }
  const link = dialog.querySelector("[data-href]");
  link.href = link.dataset.href.replace("{left}", left.dataset.revision).replace("{right}", right.dataset.revision);
  range.oninput = over.onload = show;
  dialog.showModal();
  show();
}

/** A verb's own settings: `go(params)` when the artist says so. They stay as set until the page is left. */
export function settings(dialog, go) {
  const form = dialog.querySelector("form:has(footer)");
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue && go(read(form).params);
  dialog.oninput = ({ target }) => {
    const twin = target.dataset.twin ? document.getElementById(target.dataset.twin) : form.querySelector(`[data-twin="${target.id}"]`);
    if (twin) twin.value = target.value;
  };
  dialog.showModal();
}
