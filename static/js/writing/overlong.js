// A request that is too long for its engine: the artist chooses what it leaves unread, before anything runs.
import { complain } from "../bench/runs.js";

/** The names of the parts to leave out, of a refusal that offers some; null when the artist thought better of it. */
function choose(form) {
  const dialog = document.getElementById("overlong");
  const button = form.querySelector(".act");
  const boxes = [...form.querySelectorAll("input")];
  const chosen = () => boxes.filter((box) => box.checked);
  const show = () => {
    const over = Number(form.dataset.over) - chosen().reduce((sum, box) => sum + Number(box.dataset.tokens), 0);
    button.title = over > 0 ? form.dataset.short.replace("{n}", over) : "";
    button.ariaDisabled = String(over > 0);
  };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    if (button.ariaDisabled !== "true") return;
    event.preventDefault();
    complain(button.title);
  });
  show();
  dialog.querySelector(".choice-of-parts").replaceChildren(form);
  dialog.returnValue = "";
  dialog.showModal();
  boxes[0]?.focus();
  const left = form.dataset.left.split(" ").filter(Boolean);
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue === "go" ? [...left, ...chosen().map((box) => box.value)] : null), {
      once: true,
    });
  });
}

/** Ask by `generate(request, button)`; where it is too long, ask again without what the artist leaves out. */
export async function shortened(generate, request, button) {
  const run = await generate(request, button);
  const form = document.querySelector("#problem .overlong");
  if (run || !form) return run;
  complain("");
  const parts = await choose(form);
  return parts && shortened(generate, { ...request, leave_out: parts }, button);
}
