// A picture looked at closely (bench/lightbox.js): whole in the window, or larger and moved about.
import { rooted } from "../shared/http.js";

export function looking(dialog) {
  const image = dialog.querySelector("img");
  return {
    press: ".look",
    zooms: [1, 1.5, 2, 3, 4], // times the size at which all of it is seen
    pans: true,
    looks: (choice) => Boolean(choice.querySelector(".look > img")),
    show(choice) {
      image.src = choice.querySelector(".look > img").src; // it is there already, smaller or not
      image.src = rooted(`/revisions/${choice.dataset.revision}/content`);
    },
  };
}
