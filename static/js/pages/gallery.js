// A wall of any length: only the rows near the eye are in the page; each piece is a fragment that the server wrote.
const GAP = 16;
const NARROWEST = 180;
const WORDS = 66; // pixels of title, count and the gap below a cover
const ROWS = 6; // rows in a piece
const FEW = 60; // works that the server has written into the page already

/** Let `element` show `total` works through a window of pieces; `.to(i)` brings the i-th into view. */
export function wall(element, { total, url, at }) {
  const held = new Map();
  const hasFocus = (piece) => piece.contains(document.activeElement);
  let columns, row, per;

  function measure() {
    const width = element.clientWidth;
    const before = row ? Math.round(Math.max(0, -element.getBoundingClientRect().top) / row) * columns : at;
    columns = Math.max(2, Math.floor((width + GAP) / (NARROWEST + GAP)));
    row = Math.round((width - GAP * (columns - 1)) / columns) + WORDS;
    per = columns * ROWS;
    element.style.height = `${Math.ceil(total / columns) * row}px`;
    element.style.setProperty("--columns", columns);
    element.style.setProperty("--row", `${row}px`);
    for (const piece of held.values()) drop(piece);
    held.clear();
    if (before) to(before);
    look();
  }
  function drop(piece) {
    piece.stop.abort();
    for (const image of piece.querySelectorAll("img")) image.removeAttribute("src"); // else they load on, before those in sight
    piece.remove();
  }
  function look() {
    const top = -element.getBoundingClientRect().top;
    const band = ROWS * row;
    const first = Math.max(0, Math.floor((top - innerHeight) / band));
    const last = Math.min(Math.ceil(total / per) - 1, Math.floor((top + 2 * innerHeight) / band));
    for (const [k, piece] of held) {
      if ((k >= first && k <= last) || hasFocus(piece)) continue;
      drop(piece);
      held.delete(k);
    }
    for (let k = first; k <= last; k++) if (!held.has(k)) hold(k, band);
  }
  async function hold(k, band) {
    const piece = document.createElement("div");
    piece.className = "chunk";
    piece.style.top = `${k * band}px`;
    piece.stop = new AbortController();
    held.set(k, element.appendChild(piece));
    try {
      const answer = await fetch(`${url}&at=${k * per}&limit=${per}`, { signal: piece.stop.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(answer.statusText);
      piece.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      held.delete(k); // tried again at the next scroll
      piece.remove();
    }
  }
  function to(i) {
    scrollTo({ top: element.getBoundingClientRect().top + scrollY + Math.floor(i / columns) * row - 72, behavior: "instant" });
  }
  /** Arrows walk the tiles as they hang; at the edge of what is loaded the window moves first. */
  async function walk(event) {
    const tile = event.target.closest(".tile");
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!tile || !step) return;
    event.preventDefault();
    const goal = Number(tile.dataset.at) + step;
    if (goal < 0 || goal >= total) return;
    for (let tries = 0; tries < 40; tries++) {
      const next = element.querySelector(`[data-at="${goal}"]`);
      if (next) return next.focus();
      if (!tries) to(goal);
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
  let due = 0;
  const soon = () => {
    if (due) return;
    due = requestAnimationFrame(() => {
      due = 0;
      look();
    });
  };
  element.replaceChildren();
  element.classList.add("live");
  addEventListener("scroll", soon, { passive: true });
  element.addEventListener("keydown", walk);
  new ResizeObserver(measure).observe(element.parentElement);
  return { to, at: () => Math.min(total, Math.max(0, Math.round(-element.getBoundingClientRect().top / row) * columns)) };
}

const element = document.getElementById("wall");
if (element && Number(element.dataset.total) > FEW) {
  const { total, url, at } = element.dataset;
  const live = wall(element, { total: Number(total), url, at: Number(at) });
  const rail = document.querySelector(".rail");
  const range = rail.querySelector("input");
  const output = rail.querySelector("output");
  rail.hidden = false;
  range.addEventListener("input", () => {
    output.value = Number(range.value) + 1;
    live.to(Number(range.value));
  });
  addEventListener(
    "scroll",
    () => {
      if (document.activeElement === range) return;
      range.value = live.at();
      output.value = Number(range.value) + 1;
    },
    { passive: true },
  );
}
