// The draft: saved within a second of the last keystroke, mirrored in this browser until the server has it, brought
// back after a crash or when the network returns. Two windows never overwrite each other: the later one is asked. One that
// has nothing unsaved takes the other's words over when one comes back to it.
import { mark } from "../shared/app.js";
import { get, told } from "../shared/http.js";
import { beside, differences, fill, read, served } from "./form.js";
import { Mirror } from "./mirror.js";
import { fill as filled, words } from "../shared/words.js";

const PAUSE = 400; // ms after a keystroke
const LONGEST = 1000; // ms that anything stays unsaved while one goes on typing
const MIRRORING = 200; // ms after which a text is kept in this browser
const KEPT_ALIVE = 60_000; // bytes that a browser sends for a page it has left
const BACKOFF = [1000, 2000, 4000, 8000, 15000]; // ms between attempts while the studio does not answer
const REMEMBERED = 4; // states that were sent and not answered

/** `writing` is what the draft holds beside the form: a text with its origins (writing/autosave.js). */
export class Draft {
  #timer = 0;
  #mirroring = 0;
  #since = 0; // when the oldest unsaved change was made, 0 when all is saved
  #failures = 0;
  #sending = null;
  #asking = false; // the artist decides about a conflict
  #unanswered = []; // states that were sent last: the server may have one of them and could not say so
  #keep = false; // what the next save replaces is another window's: it goes among the earlier saves

  constructor(form, { status, prompt, dialog, writing = null }) {
    Object.assign(this, { form, status, prompt, dialog, writing });
    this.version = Number(form.dataset.version);
    this.saved = served(form); // what the server has
    this.mirror = new Mirror(form.dataset.draft);
    form.addEventListener("input", () => this.touch());
    addEventListener("online", () => this.#soon(0));
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#leave() : this.#renew()));
    for (const back of ["focus", "pageshow"]) addEventListener(back, () => this.#renew());
    this.#recover();
  }

  get dirty() {
    return Boolean(this.writing?.changed) || differences(read(this.form), this.saved).length > 0;
  }

  /** What stands here now; the text only when the server does not have it. */
  #state() {
    return { ...read(this.form), ...this.writing?.take() };
  }

  /** Something changed: keep it here at once, and with the server soon. */
  touch() {
    if (!this.dirty) return this.#clean();
    this.#mirror();
    if (this.#asking) return;
    this.#since ||= performance.now();
    this.#say("saving");
    const longest = LONGEST + (this.writing?.pace ?? 0);
    this.#soon(Math.min(PAUSE, Math.max(0, this.#since + longest - PAUSE - performance.now())));
  }

  /** Keep it in this browser: the form at once, a text not at every keystroke. */
  #mirror() {
    if (!this.writing?.changed) return this.mirror.write(this.version, this.#state());
    this.#mirroring ||= setTimeout(() => {
      this.#mirroring = 0;
      if (this.dirty) this.mirror.write(this.version, this.#state());
    }, MIRRORING + this.writing.pace);
  }

  /** Wait until the server has everything; false when it cannot be had now. */
  async settle() {
    clearTimeout(this.#timer);
    await this.#sending;
    if (this.dirty) await this.#save();
    return !this.dirty;
  }

  /** Take over a draft that the server changed at this window's own request, after settle(). */
  adopt(draft) {
    const state = beside(draft, read(this.form));
    fill(this.form, state);
    this.writing?.fill(draft);
    this.#done({ ...state, ...this.writing?.take() }, draft);
  }

  /** The server lays something else on the stage: `change()` promises the draft. No save comes between, and the brief stays as
   * it stands here, with what is typed meanwhile. False when it cannot be had now; throws the problem when it is refused. */
  async lay(change) {
    if (!(await this.settle())) return false;
    const changed = change();
    this.#sending = changed.then(
      () => (this.#sending = null),
      () => (this.#sending = null),
    );
    const draft = await changed;
    this.writing?.fill(draft);
    this.#done({ ...this.saved, ...this.writing?.take() }, draft);
    return true;
  }

  #soon(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), delay);
  }

  #save() {
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
    return this.#sending;
  }

  async #send() {
    if (this.#asking) return;
    if (!this.dirty && !this.#keep) return this.#clean();
    const state = this.#state();
    this.#since = 0;
    const answer = await fetch(this.form.dataset.draft, this.#request(state)).catch(() => null);
    if (!answer) return this.#later("offline");
    const body = await answer.json().catch(() => null); // a proxy answers in HTML
    if (!body) this.#later("trouble");
    else if (answer.ok) this.#done(state, body);
    else if (answer.status === 409 && body.draft) this.#conflict(body.draft);
    else if (answer.status === 422) this.#refused(state, body);
    else if (answer.status < 500) this.#later("refused", told(body));
    else this.#later("trouble");
  }

  #request(state) {
    this.#unanswered = [state, ...this.#unanswered].slice(0, REMEMBERED);
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    return { method: "PUT", headers, body: JSON.stringify({ version: this.version, keep: this.#keep, ...state }) };
  }

  #done(state, body) {
    this.version = body.version;
    this.#keep = false;
    this.#unanswered = [];
    this.saved = state;
    this.writing?.keep(state);
    this.#failures = 0;
    if (body.prompt) this.prompt.innerHTML = body.prompt.html; // as the engine reads the brief now
    this.touch();
  }

  /** The server has everything. */
  #clean() {
    this.#since = 0;
    mark(this.form, []);
    this.mirror.clear();
    this.#say("saved");
  }

  #later(state, why = "") {
    this.#say(state, why);
    this.#soon(BACKOFF[Math.min(this.#failures++, BACKOFF.length - 1)]);
  }

  #refused(state, problem) {
    const seen = mark(this.form, problem.fields ?? []);
    this.#say(seen ? "invalid" : "refused", told(problem)); // the next keystroke tries again; what was typed stays, here and in the mirror
    if (this.writing?.since(state) || differences(read(this.form), state).length) this.touch();
  }

  #conflict(draft) {
    const mine = this.#state();
    const theirs = beside(draft, mine);
    const known = beside(draft, this.saved);
    const apart = [...differences(mine, theirs), ...(this.writing?.differences(draft) ?? [])];
    if (!apart.length) return this.#done(mine, draft);
    const own = this.#unanswered.find((state) => this.#is(draft, state));
    if (own) return this.#done(own, draft); // no other window: the answer to it was lost
    if (!differences(this.saved, known).length && !this.writing?.moved(draft)) {
      // only its version moved: nobody's words are in the way
      this.version = draft.version;
      return this.#soon(0);
    }
    this.#asking = true;
    this.#say("conflict");
    this.dialog.ask(apart, async (choice) => {
      this.#asking = false;
      if (!choice) return; // put off: the next keystroke asks again
      this.version = draft.version;
      this.writing?.insist();
      await this.#over();
      if (choice === "mine") return;
      fill(this.form, theirs);
      this.writing?.fill(draft);
      await this.#over();
    });
  }

  /** Whether a draft is what this window sent as `state`. */
  #is(draft, state) {
    return !differences(state, beside(draft, state)).length && (this.writing?.arrived(state, draft) ?? true);
  }

  /** Save over what the server has, which stays among the earlier saves. */
  async #over() {
    await this.#sending;
    this.#keep = true;
    await this.#save();
  }

  get #busy() {
    return this.dirty || this.#asking || this.#sending;
  }

  /** One came back to this window, and may have saved in another: its "Saved" is never over older words. */
  async #renew() {
    if (this.#busy) return;
    const draft = await get(this.form.dataset.draft).catch(() => null); // not to be had: the next save tells
    if (draft?.version > this.version && !this.#busy) this.adopt(draft);
  }

  /** Words that a crash, a closed lid or a lost network left in this browser. */
  async #recover() {
    const left = await this.mirror.left();
    if (!left) return;
    const rewritten = this.writing?.differences(left.state).length;
    if (!rewritten && !differences(beside(left.state, this.saved), this.saved).length) return;
    fill(this.form, left.state);
    if (rewritten) this.writing.fill(left.state);
    this.version = left.version; // when the server has moved on since, it answers 409 and the artist is asked
    this.touch();
  }

  #leave() {
    if (!this.dirty || this.#asking) return;
    const state = this.#state();
    this.mirror.write(this.version, state);
    if (this.#sending) return; // it is on its way; the mirror keeps the rest
    const request = this.#request(state);
    fetch(this.form.dataset.draft, { ...request, keepalive: new Blob([request.body]).size < KEPT_ALIVE }).then(
      async (answer) => answer.ok && this.#done(state, await answer.json()),
      () => {},
    );
  }

  #say(state, why = "") {
    const said = filled(words.saved[state], { why });
    if (this.status.dataset.state === state && this.status.textContent === said) return;
    this.status.dataset.state = state;
    this.status.textContent = said;
  }
}
