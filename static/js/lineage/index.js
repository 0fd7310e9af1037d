// The lineage's page: pan, zoom and walk a drawing of all revisions; the card beside it tells of the one looked at.
import { bounds, draw, hit, read } from "./drawing.js";
import { rooted } from "../shared/http.js";

const canvas = document.querySelector("#lineage canvas");
if (canvas) lineage(canvas, document.getElementById("card"));

async function lineage(canvas, card) {
  const { url, atlas, last, roles } = canvas.dataset;
  const base = Number(canvas.dataset.base);
  const ctx = canvas.getContext("2d", { alpha: false });
  const sheet = document.createElement("canvas"); // what was drawn last, with a margin: moved about while the hand moves
  const view = { x: 0, y: 0, k: 1 };
  const unfolded = new Set();
  let [graph, etag, ink, selected, drawn, asked] = [null, null, colours(), -1, null, null];
  let [frame, rest, later, fetching, gliding, farthest] = [0, 0, 0, 0, null, 0.02];
  let fold = true;
  const pages = new Map(); // by address: {image, wanted, asked}

  async function load() {
    const open = [...unfolded].slice(-100);
    const answer = await fetch(`${url}&fold=${fold}&unfolded=${open}`);
    if (!answer.ok || answer.headers.get("etag") + [fold, open] === etag) return false;
    etag = answer.headers.get("etag") + [fold, open];
    const at = graph?.number[selected] ?? Number(canvas.dataset.at);
    graph = read(await answer.json(), base);
    selected = graph.index.get(at) ?? graph.index.get(base) ?? graph.n - 1;
    return true;
  }

  /** Load anew, and keep what is looked at where it is on the screen. */
  async function reload() {
    const [was, x, y] = [selected, graph.x[selected], graph.y[selected]];
    if (!(await load())) return;
    if (was >= 0) view.x += (x - graph.x[selected]) * view.k;
    view.y += (y - graph.y[selected]) * view.k;
    redraw();
  }

  function colours() {
    const style = getComputedStyle(canvas);
    const names = ["paper", "sheet", "wash", "edge", "ink", "soft", "cinnabar", "moss", "stem", "amber"];
    return Object.fromEntries(
      names.map((name) => {
        canvas.style.color = `var(--${name})`;
        return [name, style.color];
      }),
    );
  }

  /** Where a node's thumbnail lies: {at, image}; without the image while it is on its way. */
  function tile(node) {
    if (node < graph.foreign) return { at: 0, image: sheetOf(rooted(`/revisions/${graph.id(node)}/content?w=64`)) };
    const page = (graph.number[node] - 1) >> 8;
    return { at: (graph.number[node] - 1) & 255, image: sheetOf(`${atlas}/${page}?v=${Math.min(last, (page + 1) * 256)}`) };
  }

  /** The picture at an address, decoded and kept; the ones most wanted by a drawing come first, a few at a time. */
  function sheetOf(address) {
    if (!pages.has(address)) pages.set(address, { image: null, wanted: 0 });
    pages.get(address).wanted++;
    return pages.get(address).image;
  }

  async function fetchPages() {
    const open = [...pages].filter(([, page]) => page.wanted > 0 && !page.image && !page.asked);
    open.sort(([, a], [, b]) => b.wanted - a.wanted);
    for (const [address, page] of open.slice(0, Math.max(0, 4 - fetching))) {
      page.asked = true;
      fetching++;
      fetch(address)
        .then((answer) => answer.ok && answer.blob())
        .then((blob) => blob && createImageBitmap(blob))
        .then((image) => {
          page.image = image || null;
        })
        .catch(() => {})
        .finally(() => {
          fetching--;
          if (!later)
            later = setTimeout(() => {
              later = 0;
              redraw();
            }, 60);
        });
    }
  }

  /** Draw everything seen, and `margin` pixels around it, on the sheet. */
  function full(margin = 0) {
    const [width, height, dpr] = [canvas.clientWidth + margin * 2, canvas.clientHeight + margin * 2, devicePixelRatio];
    if (sheet.width !== Math.round(width * dpr) || sheet.height !== Math.round(height * dpr)) {
      sheet.width = Math.round(width * dpr);
      sheet.height = Math.round(height * dpr);
    }
    const on = sheet.getContext("2d", { alpha: false });
    on.setTransform(dpr, 0, 0, dpr, 0, 0);
    const font = `600 11px ${getComputedStyle(canvas).fontFamily}`;
    const serif = getComputedStyle(document.documentElement).getPropertyValue("--serif");
    const scene = { width, height, ink, font, serif, names: JSON.parse(roles), selected, tile };
    const began = performance.now();
    for (const page of pages.values()) page.wanted = 0;
    const missing = draw(on, graph, { x: view.x + margin, y: view.y + margin, k: view.k }, scene);
    drawn = { ...view, margin, cost: performance.now() - began };
    if (missing) fetchPages();
    else if (view.k * 30 >= 10) mark("stemma:lineage-pictures");
  }

  function blit() {
    frame = 0;
    const zoomed = view.k / drawn.k;
    const [left, top] = [view.x - (drawn.x + drawn.margin) * zoomed, view.y - (drawn.y + drawn.margin) * zoomed];
    const [right, bottom] = [left + (sheet.width / devicePixelRatio) * zoomed, top + (sheet.height / devicePixelRatio) * zoomed];
    const bare = left > 0 || top > 0 || right < canvas.clientWidth || bottom < canvas.clientHeight;
    if ((zoomed !== 1 && drawn.cost < 6) || (bare && zoomed === 1) || zoomed > 1.6 || zoomed < 0.6) {
      full(200);
      return blit();
    }
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    ctx.fillStyle = ink.paper;
    if (bare) ctx.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    ctx.drawImage(sheet, left, top, right - left, bottom - top);
    clearTimeout(rest);
    if (zoomed !== 1) rest = setTimeout(redraw, 90);
  }

  function move() {
    if (!frame) frame = requestAnimationFrame(blit);
  }

  function redraw() {
    if (!drawn) return;
    full(200);
    move();
  }

  function mark(name) {
    if (!performance.getEntriesByName(name).length) performance.mark(name);
  }

  function resize() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * devicePixelRatio));
    if (drawn && canvas.width === width && canvas.height === height) return;
    [canvas.width, canvas.height] = [width, height];
    if (!drawn) firstView();
    full();
    blit();
    mark("stemma:lineage");
  }

  /** The free part of the canvas, beside the card. */
  function room() {
    const [me, other] = [canvas.getBoundingClientRect(), card.getBoundingClientRect()];
    const beside = other.height && other.left > me.left + me.width / 2;
    const below = other.height && !beside && other.top > me.top;
    return { width: beside ? other.left - me.left : me.width, height: below ? other.top - me.top : me.height };
  }

  function fit() {
    const [box, free] = [bounds(graph), room()];
    const k = Math.min(1.2, free.width / (box.right - box.left), free.height / (box.bottom - box.top));
    farthest = Math.min(0.1, k / 2);
    return { x: (free.width - (box.left + box.right) * k) / 2, y: (free.height - (box.top + box.bottom) * k) / 2, k };
  }

  function centre(node, k = view.k) {
    const free = room();
    return { x: free.width / 2 - graph.x[node] * k, y: free.height / 2 - graph.y[node] * k, k };
  }

  /** Go to another view, within 160 ms; at once for who asked for no motion. */
  function glide(to) {
    const [from, began] = [{ ...view }, performance.now()];
    const time = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160;
    const turn = () => {
      const done = time ? Math.min(1, (performance.now() - began) / time) : 1;
      const eased = 1 - (1 - done) ** 3;
      for (const name of ["x", "y", "k"]) view[name] = from[name] + (to[name] - from[name]) * eased;
      if (done === 1) return redraw();
      blit();
      requestAnimationFrame(() => turn === gliding && turn());
    };
    gliding = turn;
    turn();
  }

  /** Everything, when a revision is still a picture then; else what grew around the one looked at. */
  function firstView() {
    Object.assign(view, fit());
    if (view.k < 0.5 && selected >= 0) Object.assign(view, centre(selected, 0.8));
  }

  function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const k = Math.min(3, Math.max(farthest, view.k * factor));
    view.x = x - (x - view.x) * (k / view.k);
    view.y = y - (y - view.y) * (k / view.k);
    view.k = k;
    move();
  }

  function look(node) {
    if (node < 0 || node === undefined) return;
    selected = node;
    const [x, y, free] = [graph.x[node] * view.k + view.x, graph.y[node] * view.k + view.y, room()];
    redraw();
    if (x < 40 || y < 40 || x > free.width - 40 || y > free.height - 40) glide(centre(node));
    tell(node);
  }

  /** Fetch the card of what is looked at; while one walks on, only the last matters. */
  async function tell(node) {
    asked?.abort();
    if (node < graph.foreign) return;
    asked = new AbortController();
    const address = `?at=${graph.number[node]}`;
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (!answer.ok) return;
      card.innerHTML = await answer.text();
      card.scrollTop = 0;
      document.getElementById("told").textContent = card.querySelector("header").textContent.replaceAll(/\s+/g, " ");
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  async function unfold(node) {
    if (node < graph.foreign) return;
    const number = graph.number[node];
    if (graph.folded.has(node)) unfolded.add(number);
    else if (!unfolded.delete(number)) return;
    selected = node;
    await reload();
  }

  function beside(node, step) {
    const level = [];
    for (let i = 0; i < graph.n; i++) if (graph.y[i] === graph.y[node]) level.push(i);
    level.sort((a, b) => graph.x[a] - graph.x[b]);
    return level[level.indexOf(node) + step];
  }

  function above(node) {
    const children = graph.children[node];
    return (
      children.find((i) => graph.way[i]) ??
      children.reduce((best, i) => (best === undefined || graph.weight[i] > graph.weight[best] ? i : best), undefined)
    );
  }

  const keys = {
    ArrowUp: () => look(above(selected)),
    ArrowDown: () => look(graph.first[selected]),
    ArrowLeft: () => look(beside(selected, -1)),
    ArrowRight: () => look(beside(selected, 1)),
    Home: () => {
      let i = selected;
      while (graph.first[i] >= 0) i = graph.first[i];
      look(i);
    },
    End: () => look(graph.index.get(base)),
    Enter: () => {
      location.href = rooted(`/revisions/${graph.id(selected)}`);
    },
    " ": () => unfold(selected),
  };
  document.addEventListener("keydown", (event) => {
    const mine = event.target === canvas || event.target === document.body;
    if (!mine || !keys[event.key] || !graph?.n || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });

  const under = (event) => hit(graph, (event.offsetX - view.x) / view.k, (event.offsetY - view.y) / view.k, view.k);
  const hands = new Map(); // pointers that are down
  let travelled = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!hands.size) travelled = 0;
    hands.set(event.pointerId, [event.offsetX, event.offsetY]);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = hands.get(event.pointerId);
    if (!graph) return;
    if (!before) {
      canvas.style.cursor = under(event) ? "pointer" : "";
      return;
    }
    const [dx, dy] = [event.offsetX - before[0], event.offsetY - before[1]];
    const other = [...hands].find(([id]) => id !== event.pointerId)?.[1];
    hands.set(event.pointerId, [event.offsetX, event.offsetY]);
    travelled += Math.abs(dx) + Math.abs(dy);
    gliding = null;
    if (travelled < 6) return;
    if (other) {
      const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      zoom(apart([event.offsetX, event.offsetY]) / apart(before), (event.offsetX + other[0]) / 2, (event.offsetY + other[1]) / 2);
    }
    view.x += dx / hands.size;
    view.y += dy / hands.size;
    move();
  });
  const lift = (event) => hands.delete(event.pointerId);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerup", (event) => {
    lift(event);
    if (travelled >= 6 || !graph) return;
    const found = under(event);
    if (found?.badge) unfold(found.node);
    else if (found) look(found.node);
    if (found && found.node < graph.foreign) keys.Enter(); // its own work tells of it
  });
  canvas.addEventListener("dblclick", keys.Enter);
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (!graph) return;
      gliding = null;
      const lines = event.deltaMode === 1 ? 24 : 1;
      if (event.ctrlKey || event.metaKey) return zoom(Math.exp((-event.deltaY * lines) / 240), event.offsetX, event.offsetY);
      view.x -= (event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX) * lines;
      view.y -= (event.shiftKey && !event.deltaX ? 0 : event.deltaY) * lines;
      move();
    },
    { passive: false },
  );

  document.getElementById("lineage").addEventListener("click", (event) => {
    const does = event.target.closest("[data-does]")?.dataset.does;
    if (does === "fit") glide(fit());
    if (does === "nearer") zoom(1.3);
    if (does === "farther") zoom(1 / 1.3);
    if (does === "fold") {
      fold = !fold;
      event.target.closest("button").ariaPressed = !fold;
      reload();
    }
  });
  card.parentElement.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-number]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const node = graph?.index.get(Number(link.dataset.number));
    event.preventDefault();
    if (node !== undefined) {
      look(node);
      glide(centre(node, Math.max(view.k, 0.6)));
      return;
    }
    unfolded.add(Number(link.dataset.number));
    load().then(() => look(graph.index.get(Number(link.dataset.number))));
  });

  const repaint = () => {
    ink = colours();
    redraw();
  };
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  document.addEventListener("visibilitychange", () => document.hidden || !graph?.n || reload());
  document.fonts.ready.then(redraw);
  for (const number of canvas.dataset.unfolded.split(",").filter(Boolean)) unfolded.add(Number(number));
  if (!(await load())) return; // the list beside it tells the same
  resize();
  new ResizeObserver(resize).observe(canvas);
}
