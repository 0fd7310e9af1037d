// Files brought in: chosen, dropped onto the stage or pasted. Each becomes a root of the lineage; the first lies on the stage.
import { words } from "../shared/words.js";

const REFUSED = "stemma-refused";

/** The JSON that answers; throws the problem (RFC 9457) when it is one. */
async function post(address, body) {
  const kind = typeof body === "string" ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json", ...kind } });
  if (!answer.ok) throw await answer.json();
  return answer.json();
}

export function importing(form, bench, draft) {
  const input = form.elements.file;
  const wrong = document.getElementById("refused");
  const announce = document.getElementById("announce");
  const stage = bench.querySelector(".stage");

  /** Each file becomes a root; the first that was taken lies on the stage. What was refused is said by its name. */
  async function bring(files) {
    if (!files.length) return;
    wrong.textContent = "";
    announce.textContent = words.importing;
    stage.ariaBusy = "true";
    const made = [];
    const refused = [];
    try {
      await draft.settle(); // its base will change: the server must have everything first
      for (const file of files) {
        const body = new FormData();
        body.append("file", file);
        try {
          made.push(await post(form.action, body));
        } catch (error) {
          refused.push(files.length > 1 ? `${file.name}: ${error.detail ?? words.lost}` : (error.detail ?? words.lost));
        }
      }
      if (made.length) await post(`${form.dataset.draft}/base`, JSON.stringify({ revision: made[0].id }));
    } catch (error) {
      refused.push(error.detail ?? words.lost);
    }
    if (refused.length) sessionStorage.setItem(REFUSED, refused.join("\n"));
    if (made.length) return location.reload();
    tell();
    stage.ariaBusy = null;
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
