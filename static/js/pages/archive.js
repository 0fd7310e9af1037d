// The archive of a project on its way in: a bar, then the project, or what is wrong with it.
import { rooted } from "../shared/http.js";
import { send } from "../shared/sending.js";
import { words } from "../shared/words.js";

const form = document.getElementById("archive");
const bar = form.querySelector("progress");
const wrong = form.querySelector("[role=alert]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.ariaBusy === "true") return; // the first one is on its way
  form.ariaBusy = "true";
  wrong.textContent = "";
  bar.hidden = false;
  bar.value = 0;
  try {
    const project = await send(form.action, new FormData(form), (share) => {
      if (share < 1) bar.value = share;
      else bar.removeAttribute("value"); // all of it is there: it is looked through
    });
    location.assign(rooted(`/projects/${project.id}`));
  } catch (error) {
    wrong.textContent = error.detail ?? words.lost;
    bar.hidden = true;
    form.ariaBusy = null;
  }
});
