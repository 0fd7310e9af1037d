// A picture brought in: chosen, dropped onto the stage or pasted. It becomes a root of the lineage and lies on the stage.
import { words } from "../shared/words.js";

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

  async function bring(file) {
    wrong.textContent = "";
    announce.textContent = words.importing;
    stage.ariaBusy = "true";
    try {
      await draft.settle(); // its base will change: the server must have everything first
      const body = new FormData();
      body.append("file", file);
      const made = await post(form.action, body);
      await post(`${form.dataset.draft}/base`, JSON.stringify({ revision: made.id }));
      return location.reload();
    } catch (error) {
      wrong.textContent = error.detail ?? words.lost;
    }
    stage.ariaBusy = null;
    input.value = "";
  }

  input.addEventListener("change", () => input.files[0] && bring(input.files[0]));
  stage.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
    event.preventDefault();
    stage.classList.add("over");
  });
  for (const end of ["dragleave", "drop"]) stage.addEventListener(end, () => stage.classList.remove("over"));
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) bring(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
    if (!file) return; // words are pasted where the caret is
    event.preventDefault();
    bring(file);
  });
}
