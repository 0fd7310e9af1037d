// The pictures that an artist may choose from: those of this work, the latest first, then what the project's other works show.
import { get, rooted } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

const SEEN = 48; // pictures of each kind that are offered
const DRAWING = "image/svg+xml"; // has no pixels to start from

/** [{id, name, words}], where `words` are those of its brief; null for one of which only the picture is known here. Throws a problem. */
export async function pictures(work, project) {
  const [{ items: revisions }, { items: works }] = await Promise.all([
    get(rooted(`/works/${work}/revisions?limit=${SEEN}`)),
    get(rooted(`/projects/${project}/works?medium=image&limit=${SEEN}`)),
  ]);
  const own = revisions.filter(({ asset }) => asset && asset.media_type !== DRAWING);
  const others = works.filter(({ id, cover }) => cover && id !== work);
  return [
    ...own.map(({ id, number, brief }) => ({ id, name: fill(words.revision, { n: number }), words: brief.intent })),
    ...others.map(({ cover, title }) => ({ id: cover, name: title, words: null })),
  ];
}

/** Lay `found` onto a shelf (a fieldset), as choices of one. */
export function lay(shelf, found) {
  for (const old of shelf.querySelectorAll("label")) old.remove();
  shelf.append(
    ...found.map(({ id, name }) => {
      const label = document.createElement("label");
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "picture", value: id });
      label.append(radio, small(id), Object.assign(document.createElement("span"), { textContent: name, title: name }));
      return label;
    }),
  );
}

/** A small picture of a revision, without words of its own. */
export const small = (id) => Object.assign(new Image(), { src: rooted(`/revisions/${id}/content?w=256`), alt: "", loading: "lazy" });
