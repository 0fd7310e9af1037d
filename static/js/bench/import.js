// Files brought in: chosen, dropped onto the stage or pasted. Each becomes a root of the lineage; the first lies on the stage.
import { post } from "../shared/http.js";
import { send } from "../shared/sending.js";
import { words } from "../shared/words.js";

const REFUSED = "stemma-refused";

/** A bar for each file, with its name: {progress(share), end()} of each. */
function bars(files) {
  const list = document.getElementById("bringing");
  const items = files.map(({ name }) => {
    const item = document.createElement("li");
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: name });
    item.append(Object.assign(document.createElement("span"), { textContent: name }), bar);
    const progress = (share) => {
      if (share < 1) bar.value = share;
      else bar.removeAttribute("value"); // all of it is there: it is read
    };
    return { item, progress, end: () => item.remove() };
  });
  list.replaceChildren(...items.map(({ item }) => item));
  list.hidden = false;
  return items;
}

export function importing(form, bench, draft) {
  const input = form.elements.file;
  const wrong = document.getElementById("refused");
  const announce = document.getElementById("announce");
  const stage = bench.querySelector(".stage");

  /** Each file becomes a root; the first that was taken lies on the stage. What was refused is said by its name. */
  async function bring(files) {
    if (!files.length || stage.ariaBusy === "true") return; // the first ones are on their way
    wrong.textContent = "";
    announce.textContent = words.importing;
    stage.ariaBusy = "true";
    const shown = bars(files);
    const made = [];
    const refused = [];
    try {
      await draft.settle(); // its base will change: the server must have everything first
      for (const [at, file] of files.entries()) {
        try {
          const body = new FormData();
          body.append("file", file);
          made.push(await send(form.action, body, shown[at].progress));
        } catch (error) {
          refused.push(files.length > 1 ? `${file.name}: ${error.detail ?? words.lost}` : (error.detail ?? words.lost));
          shown[at].end();
        }
      }
      if (made.length) await post(`${form.dataset.draft}/base`, { revision: made[0].id });
    } catch (error) {
      refused.push(error.detail ?? words.lost);
    }
    if (refused.length) sessionStorage.setItem(REFUSED, refused.join("\n"));
    if (made.length) return location.reload();
    tell();
    stage.ariaBusy = null;
    document.getElementById("bringing").hidden = true;
    input.value = "";
  }

  /** What was refused stays said when the page comes anew with what was taken. */
  function tell() {
    wrong.textContent = sessionStorage.getItem(REFUSED) ?? "";
    sessionStorage.removeItem(REFUSED);
  }

  tell();
  input.addEventListener("change", () => bring([...input.files]));
  stage.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
    event.preventDefault();
    stage.classList.add("over");
  });
  for (const end of ["dragleave", "drop"]) stage.addEventListener(end, () => stage.classList.remove("over"));
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    bring([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files].filter((one) => one.type.startsWith("image/"));
    if (!files.length) return; // words are pasted where the caret is
    event.preventDefault();
    bring(files);
  });
}
