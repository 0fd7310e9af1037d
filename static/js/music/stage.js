// What lies on the stage of a tune's bench: notes on the sheet, or a recording, each with its own figure, drawn by the server.
import { rooted } from "../shared/http.js";

const PARTS = ["#score", "#source-fold"]; // of the sheet that a recording hides

export class Stage {
  /** `desk` puts revisions there; `shown(recording)` hears what lies there now: the element of a recording, or null. */
  constructor({ work, figure, desk, toolbar, shown }) {
    Object.assign(this, { work, figure, desk, toolbar, shown });
  }

  get base() {
    return this.desk.base;
  }

  bare() {
    return this.desk.bare();
  }

  async lay(id, number) {
    const sounded = this.figure.dataset.kind === "sound";
    if (!(await this.desk.lay(id, number))) return false;
    await this.#show(sounded);
    return true;
  }

  keep() {
    return this.desk.keep();
  }

  put(kept) {
    this.desk.put(kept);
  }

  /** Show it as it is now: a sheet that stays one has drawn itself. */
  async #show(sounded) {
    const answer = await fetch(rooted(`/works/${this.work}`), { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("base");
    if (!sounded && now.dataset.kind !== "sound") return;
    for (const name of Object.keys(this.figure.dataset)) if (!(name in now.dataset)) delete this.figure.dataset[name];
    Object.assign(this.figure.dataset, now.dataset);
    this.figure.className = now.className;
    for (const part of PARTS) this.figure.querySelector(part).hidden = now.querySelector(part).hidden;
    this.figure.querySelector("figcaption").replaceWith(now.querySelector("figcaption"));
    const recording = now.querySelector("#recording");
    this.figure.querySelector("#recording")?.remove();
    if (recording) this.figure.querySelector("header").after(recording);
    Object.assign(this.toolbar.querySelector("[data-verb=replace]").dataset, page.querySelector("#verbs [data-verb=replace]").dataset);
    this.shown(recording);
  }
}
