// What was done is said, and can be undone, without leaving the page: a form with data-stay is sent, then the page is shown anew.
import { during } from "./busy.js";
import { words } from "./words.js";

const FOCUS = "stemma-focus";
const done = document.getElementById("done");

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-stay]")) return;
  event.preventDefault();
  // A pick that is undone on a bench: the variant's own button does it, and nothing is loaded anew.
  const twin = form.dataset.path && document.querySelector(`form[hx-${form.dataset.method}="${form.dataset.path}"]`);
  if (twin) return twin.requestSubmit();
  const sent = {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "text/html" },
    redirect: "manual",
  };
  let answer;
  try {
    answer = await during(event.submitter, fetch(form.action, sent));
  } catch {
    const said = Object.assign(document.createElement("p"), { textContent: words.lost });
    form.closest("dialog")?.close(); // what is behind it would not be heard
    document.getElementById("problem").replaceChildren(said);
    return;
  }
  if (answer.type !== "opaqueredirect") return form.submit(); // refused: the page that says why
  sessionStorage.setItem(FOCUS, form.closest("dialog")?.dataset.of ?? "");
  location.reload();
});

done?.addEventListener("click", ({ target }) => target.closest("[data-done]") && done.replaceChildren());

if (done?.childElementCount) {
  // A live region tells only what changes in it, so what came with the page is said in another.
  const aloud = document.getElementById("done-aloud");
  setTimeout(() => {
    aloud.textContent = done.querySelector("p").textContent;
  }, 100);
}

const was = sessionStorage.getItem(FOCUS);
if (was !== null) {
  sessionStorage.removeItem(FOCUS);
  const tile = was && document.querySelector(`main a[href="${CSS.escape(was)}"]`);
  (tile || done?.querySelector("button"))?.focus({ preventScroll: true });
}
