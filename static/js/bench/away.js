// A run that ends while its tab is in the background is told in the tab's title until one comes back. The page's stream is
// closed meanwhile (live.js), so its runs are asked for now and then.
import { get, rooted } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

const PAUSE = 3000; // ms; a browser makes it longer in a tab that was left long ago
const OPEN = ".run:is([data-status=queued], [data-status=running])";
const ENDED = ["done", "failed", "cancelled"];

export function tellInTitle() {
  const title = document.title;
  const told = new Set(); // runs that were told of since the tab was left
  let timer = 0;

  async function look() {
    const waiting = [...document.querySelectorAll(OPEN)].map((run) => run.dataset.generation).filter((id) => !told.has(id));
    for (const id of waiting) {
      const { status, variants } = await get(rooted(`/generations/${id}`)).catch(() => ({})); // not there: asked again
      if (!document.hidden) return;
      if (!ENDED.includes(status)) continue;
      told.add(id);
      document.title = `${fill(words.run[status], { n: variants.length })} · ${title}`;
    }
    if (waiting.length) timer = setTimeout(look, PAUSE);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(look, PAUSE);
    } else {
      document.title = title;
      told.clear();
    }
  });
}
