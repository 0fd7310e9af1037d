// The brief's form as a value and back: {brief, engine, params, seed, count}, the shape the server speaks.

const PHRASES = ["must", "avoid", "tones"]; // of a form that a text is asked to keep
const NUMBERS = ["measure", "stanzas"]; // of it: a number or a span for each line or stanza in turn

const lines = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
const plain = (text) => text.replaceAll("\r\n", "\n").normalize("NFC");

/** What is entered in a control and whether it is ticked: as it stands, and as the page came. */
const now = { entered: (control) => control.value, ticked: (control) => control.checked };
const came = { entered: original, ticked: (control) => control.defaultChecked };

function original(control) {
  if (control.matches("select")) return ([...control.options].findLast((option) => option.defaultSelected) ?? control.options[0])?.value;
  if (!control.matches("input")) return control.defaultValue;
  return Object.assign(control.cloneNode(), { value: control.defaultValue }).value; // a slider rounds to its steps
}

function value(control, { entered, ticked }) {
  if (control.type === "checkbox") return ticked(control);
  if (control.type === "number") return entered(control) === "" ? null : Number(entered(control));
  return plain(entered(control));
}

/** What stands in the form now. */
export const read = (form) => state(form, now);

/** What the page came with, whatever was entered before its scripts ran. */
export const served = (form) => state(form, came);

function state(form, as) {
  const found = { brief: {}, engine: null, params: {}, seed: null, count: null };
  for (const control of form.elements) {
    if (!control.name || control.matches(":disabled, button") || (control.type === "radio" && !as.ticked(control))) continue;
    const [head, name] = control.name.split(".");
    const given = value(control, as);
    if (head === "brief") found.brief[name] = "lines" in control.dataset ? lines(given) : given;
    else if (head === "params") found.params[name] = given;
    else if (head === "form") asks(found, name, PHRASES.includes(name) ? lines(given) : given);
    else found[head] = given;
  }
  return found;
}

/** What a text's form asks for: {preset, …} with what is asked besides, null when nothing is. */
function asks(state, name, wanted) {
  const given = wanted !== null && String(wanted) !== "" && !(name === "preset" && wanted === "free");
  if (name === "rest") state.form = wanted ? { ...JSON.parse(wanted), ...state.form } : (state.form ?? null);
  else state.form = given ? { ...state.form, [name]: wanted } : (state.form ?? null);
}

/** A wish of a text's form as its field holds it: [[8, 10], 7] of `measure` is "8-10 7"; words stand a line each. */
function spelled(name, wanted) {
  const span = (one) => (Array.isArray(one) ? [...new Set(one)].join("-") : one);
  return NUMBERS.includes(name) && Array.isArray(wanted) ? wanted.map(span).join(" ") : wanted;
}

/** What a form asks for beside what has a field here, as a program may have put it there: kept as it is. */
function rest(form, wanted) {
  const unseen = Object.entries(wanted ?? {}).filter(([name]) => !form.elements[`form.${name}`]);
  return unseen.length ? JSON.stringify(Object.fromEntries(unseen)) : "";
}

function set(control, wanted) {
  if (control.type === "checkbox") control.checked = Boolean(wanted);
  else if (control.type === "radio") control.checked = control.value === String(wanted);
  else if (Array.isArray(wanted)) set(control, wanted.join("\n"));
  else if (control.value !== String(wanted ?? "")) control.value = wanted ?? ""; // an equal value is left: the caret stays
}

/** Write into a field of the brief as a hand does, so that all who listen hear it. Gives the field. */
export function typeIn(form, name, value) {
  const field = form.elements[`brief.${name}`];
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return field;
}

/** Put a state into the form; what it does not name stays. */
export function fill(form, state) {
  const engine = form.elements.engine;
  if (engine && typeof state.engine === "string") engine.value = state.engine;
  show(form);
  const lock = form.querySelector("#seed-lock");
  if (lock && "seed" in state) {
    lock.checked = state.seed !== null;
    form.elements.seed.disabled = !lock.checked;
  }
  for (const control of form.elements) {
    const [head, name] = control.name.split(".");
    if (head === "brief" && state.brief && name in state.brief) {
      const wanted = state.brief[name];
      if (!("lines" in control.dataset) || String(lines(control.value)) !== String(wanted)) set(control, wanted);
    } else if (head === "params" && !control.matches(":disabled") && name in (state.params ?? {})) set(control, state.params[name]);
    else if (head === "form" && "form" in state)
      set(control, name === "rest" ? rest(form, state.form) : spelled(name, state.form?.[name] ?? (name === "preset" ? "free" : "")));
    else if ((head === "seed" || head === "count") && head in state) set(control, state[head]);
  }
  for (const twin of form.querySelectorAll("[data-twin]")) twin.value = document.getElementById(twin.dataset.twin).value;
}

/** Show the parameters of the chosen engine; the others' are out of the form. */
export function show(form) {
  const engine = form.elements.engine;
  if (!engine) return;
  const shown = engine.selectedOptions[0]?.dataset.shows ?? engine.value; // chosen by nobody: the engine that comes first
  const sets = [...form.querySelectorAll("fieldset[data-engine]")];
  for (const away of [true, false]) {
    // the hidden first: of the radio buttons of one name only one stays ticked, so theirs bear their engine's
    for (const set of sets.filter(({ dataset }) => (dataset.engine !== shown) === away)) {
      set.hidden = set.disabled = away;
      const bears = away ? `${set.dataset.engine}:params.` : "params.";
      for (const radio of set.querySelectorAll("input[type=radio]")) radio.name = radio.name.replace(/^.*?params\./, bears);
    }
  }
  const title = form.querySelector("#engine > summary em");
  if (title) title.textContent = engine.selectedOptions[0]?.textContent.trim() ?? "";
}

/** A state of the server beside `mine`: what it leaves open is as in `mine`. */
export function beside(theirs, mine) {
  return {
    brief: { ...mine.brief, ...theirs.brief },
    engine: theirs.engine ?? mine.engine,
    params: Object.fromEntries(Object.keys(mine.params).map((name) => [name, theirs.params?.[name] ?? mine.params[name]])),
    seed: theirs.seed,
    count: theirs.count,
    ...("form" in mine ? { form: theirs.form ?? null } : {}),
  };
}

const word = (value) => (Array.isArray(value) ? value.join("\n") : plain(String(value ?? ""))).trim();

const asking = (form) =>
  Object.entries(form ?? {})
    .map(
      ([name, wanted]) =>
        `${name}: ${[spelled(name, wanted)]
          .flat()
          .map((one) => (Object(one) === one ? JSON.stringify(one) : one))
          .join(", ")}`,
    )
    .sort()
    .join("\n");

/** The fields in which two states differ: [dotted name, here, there]. */
export function differences(mine, theirs) {
  const flat = (state) => ({
    ...Object.fromEntries(Object.entries(state.brief).map(([name, value]) => [`brief.${name}`, word(value)])),
    engine: word(state.engine),
    params: Object.entries(state.params)
      .map(([name, value]) => `${name} ${word(value)}`)
      .sort()
      .join("\n"),
    seed: word(state.seed),
    count: word(state.count),
    ...("form" in state ? { form: asking(state.form) } : {}),
  });
  const here = flat(mine);
  const there = flat(theirs);
  return Object.keys(here)
    .filter((name) => here[name] !== there[name])
    .map((name) => [name, here[name], there[name]]);
}

/** What an artist can change by hand beside typing: twins of a figure, the engine, the seed's lock. */
export function enliven(form) {
  const reading = form.querySelector("#read"); // on a phone the next thing is nearer than its details
  if (reading && matchMedia("(max-width: 720px)").matches) reading.open = false;
  form.addEventListener("input", ({ target }) => {
    const twin = target.dataset.twin
      ? document.getElementById(target.dataset.twin)
      : target.id && form.querySelector(`[data-twin="${target.id}"]`);
    if (twin) twin.value = target.value;
    if (target.name === "engine") show(form);
    if (target.id === "seed-lock") {
      const seed = form.elements.seed;
      seed.disabled = !target.checked;
      if (target.checked && seed.value === "") seed.value = crypto.getRandomValues(new Uint32Array(1))[0];
    }
  });
}
