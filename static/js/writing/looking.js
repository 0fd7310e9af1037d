// A variant read at leisure (bench/lightbox.js): all of its text in the whole window, larger when that is wished.
import { complain } from "../bench/runs.js";
import { get, rooted, told } from "../shared/http.js";

const span = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });

export function looking(dialog) {
  const page = dialog.querySelector(".page-of-text");
  let now = null; // what is looked at

  /** A card has the passage that is new and the lines around it: the rest is fetched. */
  async function rest(choice, { dataset, textContent }) {
    const { text } = await get(rooted(`/revisions/${choice.dataset.revision}`));
    if (now !== choice) return;
    const points = [...text];
    const start = Number(dataset.start);
    const end = start + [...textContent].length;
    const parts = [points.slice(0, start), points.slice(start, end), points.slice(end)].map((part) => part.join(""));
    page.replaceChildren(span("around", parts[0]), span("written", parts[1]), span("around", parts[2]));
  }

  return {
    press: ".look",
    zooms: [1, 1.25, 1.5, 2], // times the size of the letters
    looks: (choice) => choice.matches("article.text"),
    show(choice) {
      now = choice;
      const prose = choice.querySelector(".prose");
      page.lang = prose.lang;
      page.replaceChildren(...[...prose.children].map(({ className, textContent }) => span(className, textContent)));
      const around = choice.matches(".line") || prose.querySelector(".around");
      if (around) rest(choice, prose.querySelector(".written")).catch((problem) => complain(told(problem)));
    },
    left: () => (now = null),
  };
}
