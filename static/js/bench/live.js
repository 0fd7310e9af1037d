// The stream of a work: previews come alive in place, and runs made in other windows appear. One connection a page,
// closed while hidden; it survives a studio that is not there yet, and restarts of it. Present state comes first.
import { tellInTitle } from "./away.js";
import { arrive, find, fit, replace } from "./runs.js";
import { rooted } from "../shared/http.js";
import { fill, words } from "../shared/words.js";

const SOONEST = 250; // ms until the next attempt to connect; doubled up to LATEST
const LATEST = 3000;
const OPEN = ["queued", "running"];

export class Live {
  #stream = null;
  #timer = 0;
  #over = false; // the studio ended the stream for good
  #delay = SOONEST;
  #since = Date.now() / 1000 - 5; // what ended before the page was drawn is on it; 5 s for clocks that differ
  #early = new Map(); // the steps of runs whose partial is still on its way
  #told = new Set(); // runs that this connection has spoken of
  #ends = new Map(); // runs that take their final form
  #previewed = true; // whether the first preview since the last Generate was painted

  constructor(work, { link, waiting, announce, ended }) {
    Object.assign(this, { address: rooted(`/works/${work}/events`), link, waiting, announce, ended });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#close() : this.#open()));
    addEventListener("online", () => this.#open());
    document.addEventListener("stemma:run", ({ detail: run }) => this.#arrived(run));
    if (!document.hidden) this.#open();
    tellInTitle();
    this.#await();
  }

  /** No worker was there when the page was drawn: look for one, now and then. */
  async #await() {
    while (this.waiting) {
      await new Promise((wake) => setTimeout(wake, 3000));
      const ready = await fetch(rooted("/readyz")).then(
        (answer) => answer.json(),
        () => ({}),
      );
      if (ready.workers > 0) this.#worked();
    }
  }

  #worked() {
    if (this.waiting) this.waiting.style.visibility = "hidden"; // its room stays: nothing moves
    this.waiting = null;
  }

  /** Generate was pressed: the next preview is the one that is waited for. */
  expect() {
    this.#previewed = false;
  }

  #open() {
    this.#close();
    if (this.#over) return;
    const stream = new EventSource(`${this.address}?since=${this.#since}`);
    this.#stream = stream;
    stream.addEventListener("open", () => {
      this.#delay = SOONEST;
      this.link.textContent = "";
      this.#told.clear();
      setTimeout(() => stream === this.#stream && this.#ask(), 2000);
    });
    stream.addEventListener("error", () => this.#lost(stream));
    stream.addEventListener("gone", () => this.#ended());
    const on = (name, handle) => stream.addEventListener(name, (event) => handle.call(this, JSON.parse(event.data)));
    on("state", this.#state);
    on("step", this.#step);
    for (const end of ["done", "failed", "cancelled"]) on(end, (data) => this.#end(end, data));
  }

  /** Runs that the present state did not name have ended, longer ago than the stream remembers (or clocks differ). */
  async #ask() {
    for (const run of document.querySelectorAll(OPEN.map((status) => `.run[data-status=${status}]`).join())) {
      const id = run.dataset.generation;
      if (this.#told.has(id)) continue;
      const answer = await fetch(rooted(`/generations/${id}`), { headers: { Accept: "text/html", "HX-Request": "true" } }).catch(
        () => null,
      );
      if (answer?.ok) this.#end("done", { generation: id, html: await answer.text() });
    }
  }

  #close() {
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = null;
  }

  /** The studio says that there is nothing more to hear for this reader. */
  #ended() {
    this.#close();
    this.#over = true;
    this.link.textContent = words.run.gone;
  }

  #lost(stream) {
    if (stream !== this.#stream) return;
    this.#close();
    if (this.#delay >= LATEST) this.link.textContent = words.run.away;
    this.#timer = setTimeout(() => this.#open(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LATEST);
  }

  #heard(at) {
    this.#since = Math.max(this.#since, at ?? Date.now() / 1000 - 5);
  }

  async #state(data) {
    this.#told.add(data.generation);
    const run = find(data.generation) ?? (data.html ? await arrive(data.html) : null);
    if (!run || !OPEN.includes(run.dataset.status)) return;
    run.dataset.status = data.status;
    this.#tell(run, data);
  }

  #step(data) {
    this.#told.add(data.generation);
    this.#heard(data.at);
    this.#worked();
    const run = find(data.generation);
    if (!run) return void this.#wait(data);
    if (!OPEN.includes(run.dataset.status)) return;
    run.dataset.status = "running";
    this.#tell(run, { ...data, status: "running" });
    document.dispatchEvent(new CustomEvent("stemma:step", { detail: { run, data } })); // what a room of its own shows of it
    this.#paint(run, data);
  }

  /** Of pictures the last step is enough; the pieces of a text only make sense one after the other. */
  #wait(data) {
    const before = data.pieces ? (this.#early.get(data.generation) ?? []) : [];
    this.#early.set(data.generation, [...before, data]);
  }

  #arrived(run) {
    const steps = this.#early.get(run.dataset.generation) ?? [];
    this.#early.delete(run.dataset.generation);
    for (const step of steps) this.#step(step);
  }

  async #end(end, { generation, html, judged }) {
    this.#told.add(generation);
    this.#early.delete(generation);
    const known = find(generation);
    if (known && !OPEN.includes(known.dataset.status)) {
      await this.#ends.get(generation);
      if (judged) fit(generation, html);
      const more = html.split("<article").length - 1 > known.querySelectorAll("article").length;
      if (end === "cancelled" && more) this.ended(end, await replace(generation, html, true)); // what was written was kept
      return;
    }
    this.#ends.set(generation, replace(generation, html));
    const run = await this.#ends.get(generation);
    this.#ends.delete(generation);
    this.announce.textContent = fill(words.run[end], { n: run.querySelectorAll("article").length });
    this.ended(end, run);
    this.#heard();
  }

  /** The state in words and the progress. */
  #tell(run, data) {
    const line = run.querySelector(".state");
    const progress = run.querySelector("progress");
    if (!line || !progress) return;
    const said = [this.#described(data)];
    if (data.attempt > 1) said.unshift(fill(words.run.again, { n: data.attempt }));
    line.textContent = said.join(" · ");
    if (data.steps && data.status === "running") {
      progress.max = data.steps;
      progress.value = data.step ?? 0;
    } else {
      progress.removeAttribute("value");
    }
  }

  /** What a run waits for (templates/generations/_wait.html says the same when the page is drawn). */
  #awaited({ position, waits, going, title }) {
    const said = words.run;
    if (waits !== "turn") return said.waits[waits];
    const what = going && fill(said.going[going], { title });
    const n = position + 1;
    if (position > 0) return what ? fill(said.behind, { n, what }) : fill(said.queued, { n });
    return what ? fill(said.after, { what }) : said.next;
  }

  #described({ status, step, steps, left, loading, ...wait }) {
    const said = words.run;
    if (status === "queued") return this.#awaited(wait);
    if (!step) return loading ? said.loads : said.starts;
    if (step >= steps) return said.last;
    const done = fill(said.step, { step, steps });
    return left === null || left === undefined || !said.left ? done : `${done} · ${fill(said.left, { n: Math.max(1, Math.round(left)) })}`;
  }

  /** Previews take each other's place in one <img>: the browser shows the old one until the new one is decoded. */
  #paint(run, { previews, pieces, at, made }) {
    const images = run.querySelectorAll(".coming .look > img");
    const shown = (previews ?? []).map((preview, index) => {
      const image = images[index];
      if (!preview || !image) return null;
      image.src = preview;
      image.hidden = false;
      return image.decode();
    });
    Promise.all(shown.filter(Boolean)).then(
      (painted) => requestAnimationFrame(() => this.#measure(made ?? at, painted.length > 0 || pieces?.length > 0)),
      () => {}, // overtaken by the next step
    );
  }

  /** Marks for `stemma bench`: when a step, made `at` seconds, and the first preview after Generate were on the screen. */
  #measure(at, preview) {
    performance.mark("stemma:step", { detail: { at, shown: Date.now() / 1000 } });
    if (!preview || this.#previewed) return;
    this.#previewed = true;
    performance.mark("stemma:preview", { detail: { at } });
  }
}
