// A lineage on a canvas. Positions come from the server; far away a revision is its mean colour, near its thumbnail.
// World coordinates are pixels at zoom 1, the root at y = 0 and its descendants above it.

export const SLOT = 56;
export const LEVEL = 92;
const TILE = 64; // of an atlas, 16 a row, 256 a page

/** The server's arrays (app.lineage.graph.layout) as a graph. `base` is the number of the revision on the bench. */
export function read(data, base) {
  const n = data.number.length;
  const graph = {
    n,
    number: data.number,
    id: (i) => data.id.slice(i * 32, i * 32 + 32),
    first: data.first,
    role: data.role,
    more: data.more,
    weight: data.weight,
    foreign: data.foreign,
    roles: data.roles,
    words: data.words, // of texts, which have no thumbnail; empty where there are none
    x: Float64Array.from(data.x, (v) => (v / 100) * SLOT),
    y: Float64Array.from(data.y, (v) => -v * LEVEL),
    colour: Array.from({ length: n }, (_, i) => `#${data.colour.slice(i * 6, i * 6 + 6)}`),
    size: new Float64Array(n),
    picked: new Uint8Array(n),
    way: new Uint8Array(n),
    children: Array.from({ length: n }, () => []),
    folded: new Map(),
    index: new Map(),
  };
  for (const i of data.picked) graph.picked[i] = 1;
  for (let i = 0; i < data.folded.length; i += 2) graph.folded.set(data.folded[i], data.folded[i + 1]);
  for (let i = 0; i < n; i++) {
    if (i >= data.foreign) graph.index.set(data.number[i], i);
    if (data.first[i] >= 0) graph.children[data.first[i]].push(i);
  }
  for (let i = graph.index.get(base) ?? -1; i >= 0; i = data.first[i]) graph.way[i] = 1;
  for (let i = 0; i < n; i++) graph.size[i] = graph.way[i] ? 46 : graph.picked[i] ? 38 : data.weight[i] ? 34 : 30;
  return graph;
}

/** The smallest box around everything, with room for the thumbnails. */
export function bounds({ n, x, y }) {
  const box = { left: 0, right: 0, top: 0, bottom: 0 };
  for (let i = 0; i < n; i++) {
    box.right = Math.max(box.right, x[i]);
    box.top = Math.min(box.top, y[i]);
  }
  return { left: box.left - 56, right: box.right + 56, top: box.top - 48, bottom: box.bottom + 56 };
}

/** What lies at a point of the world: {node, badge} (badge: the count of folded variants), or null. */
export function hit(graph, x, y, k) {
  const least = 12 / k; // a target is at least 24 pixels
  for (const [i] of graph.folded) {
    const away = graph.size[i] / 2;
    if (Math.hypot(x - graph.x[i] - away, y - graph.y[i] - away) < Math.max(11, Math.min(least, 14))) return { node: i, badge: true };
  }
  let best = null;
  let nearest = Infinity;
  for (let i = 0; i < graph.n; i++) {
    const reach = Math.max(graph.size[i] / 2, least);
    const away = Math.max(Math.abs(x - graph.x[i]), Math.abs(y - graph.y[i]));
    if (away <= reach && away < nearest) [best, nearest] = [{ node: i, badge: false }, away];
  }
  return best;
}

function path(ctx, graph, parent, child, { x, y, k }) {
  const [ax, ay] = [graph.x[parent] * k + x, graph.y[parent] * k + y];
  const [bx, by] = [graph.x[child] * k + x, graph.y[child] * k + y];
  ctx.moveTo(ax, ay);
  if (k < 0.12) ctx.lineTo(bx, by);
  else ctx.bezierCurveTo(ax, (ay + by) / 2, bx, (ay + by) / 2, bx, by);
}

function outside(graph, a, b, { x, y, k }, width, height) {
  const [ax, bx, ay, by] = [graph.x[a] * k + x, graph.x[b] * k + x, graph.y[a] * k + y, graph.y[b] * k + y];
  return (ax < -9 && bx < -9) || (ay < -9 && by < -9) || (ax > width + 9 && bx > width + 9) || (ay > height + 9 && by > height + 9);
}

/** Stems as thick as what grew from them: one stroke a thickness, the way to the base last. */
function stems(ctx, graph, view, { width, height, ink }) {
  const buckets = [new Map(), new Map()];
  for (let i = 0; i < graph.n; i++) {
    if (graph.first[i] < 0 || outside(graph, graph.first[i], i, view, width, height)) continue;
    const thick = Math.min(15, 1.4 + 1.1 * Math.sqrt(graph.weight[i] + 1)) * Math.max(view.k, 0.16);
    const key = Math.max(0.5, Math.round(thick * 2) / 2);
    const bucket = buckets[graph.way[i]];
    (bucket.get(key) ?? bucket.set(key, []).get(key)).push(i);
  }
  ctx.lineCap = view.k < 0.12 ? "butt" : "round";
  for (const on of [0, 1]) {
    ctx.strokeStyle = on ? ink.moss : ink.stem;
    for (const [thick, children] of buckets[on]) {
      ctx.lineWidth = on ? Math.max(thick, 2) : thick;
      ctx.beginPath();
      for (const i of children) path(ctx, graph, graph.first[i], i, view);
      ctx.stroke();
    }
  }
}

/** Second parents: dotted, in amber, with their role when near. A far one only shows where it leads, until it is looked at. */
function grafts(ctx, graph, view, { width, height, ink, names, selected }) {
  const { x, y, k } = view;
  const near = [];
  ctx.strokeStyle = ink.amber;
  ctx.lineCap = "round";
  for (const looked of [false, true]) {
    ctx.lineWidth = Math.max(0.8, 2 * Math.min(k, 1));
    ctx.setLineDash(k < 0.2 ? [] : [0.5, Math.max(3.5, 6 * k)]);
    ctx.beginPath();
    for (let at = 0; at < graph.more.length; at += 3) {
      const [child, parent, role] = graph.more.slice(at, at + 3);
      if ((child === selected || parent === selected) !== looked || outside(graph, parent, child, view, width, height)) continue;
      const [dx, dy] = [(graph.x[parent] - graph.x[child]) * k, (graph.y[parent] - graph.y[child]) * k];
      const far = Math.hypot(dx, dy);
      const [bx, by] = [graph.x[child] * k + x, graph.y[child] * k + y];
      if (far < 800 * Math.min(k, 1) || looked) {
        path(ctx, graph, parent, child, view);
        if (far > 2000) ctx.setLineDash([]); // dots off the screen are not free
        if (k >= 0.8) near.push([bx + dx / 2, by + dy / 2, role]);
      } else {
        const reach = (graph.size[child] / 2 + 24) * k;
        ctx.moveTo(bx, by);
        ctx.lineTo(bx + (dx / far) * reach, by + (dy / far) * reach);
      }
    }
    ctx.stroke();
  }
  ctx.setLineDash([]);
  return near.map(([px, py, role]) => [names[graph.roles[role]], px, py]);
}

function label(ctx, text, x, y, ink, halo) {
  ctx.strokeStyle = halo;
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = ink;
  ctx.fillText(text, x, y);
}

/** Draw what is seen. `scene`: {width, height, ink, font, names, selected, tile(node)}; returns how many thumbnails are still to come. */
export function draw(ctx, graph, view, scene) {
  const { width, height, ink } = scene;
  const { x, y, k } = view;
  ctx.fillStyle = ink.paper;
  ctx.fillRect(0, 0, width, height);
  ctx.lineJoin = "round";
  ctx.font = scene.font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  stems(ctx, graph, view, scene);
  const roles = grafts(ctx, graph, view, scene);
  const seen = [];
  for (let i = 0; i < graph.n; i++) {
    const [px, py] = [graph.x[i] * k + x, graph.y[i] * k + y];
    if (px > -60 && py > -60 && px < width + 60 && py < height + 60) seen.push([i, px, py, Math.max(graph.size[i] * k, 1.5)]);
  }
  let missing = 0;
  if (30 * k < 10) {
    for (const [i, px, py, s] of seen) {
      ctx.fillStyle = graph.words[i] ? ink.edge : graph.colour[i];
      ctx.fillRect(px - s / 2, py - s / 2, s, s);
    }
  } else missing = pictures(ctx, graph, seen, k, scene);
  if (k > 0.16) marks(ctx, graph, seen, k, ink);
  if (k >= 0.75) names(ctx, graph, seen, k, scene);
  for (const [role, px, py] of roles) label(ctx, role, px, py, ink.amber, ink.paper);
  return missing;
}

/** A text's first new words on paper, as many as the tile holds; grey lines where they could not be read. */
function leaf(ctx, words, px, py, s, { ink, serif }) {
  const [size, left, top] = [Math.max(9, s / 4.2), px - s / 2 + s * 0.1, py - s / 2 + s * 0.1];
  ctx.fillStyle = ink.sheet;
  ctx.fillRect(px - s / 2, py - s / 2, s, s);
  ctx.fillStyle = ink.soft;
  if (s < 26) {
    for (let line = 0; line < 3; line++)
      ctx.fillRect(left, top + s * (0.1 + line * 0.26), s * (line === 2 ? 0.5 : 0.8), Math.max(1, s * 0.06));
    return;
  }
  ctx.save();
  ctx.fillStyle = ink.ink;
  ctx.font = `400 ${size}px ${serif}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  const room = s * 0.82;
  let line = "";
  let y = top;
  for (const piece of words.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]\p{P}*|[^\s\p{Script=Han}]+\s*|\s+/gu) ?? []) {
    if (line && ctx.measureText((line + piece).trimEnd()).width > room) {
      ctx.fillText(line, left, y, room);
      [line, y] = [piece.trimStart(), y + size * 1.22];
    } else line += piece;
    if (y + size > py + s / 2 - s * 0.04) break;
  }
  if (line && y + size <= py + s / 2) ctx.fillText(line, left, y, room);
  ctx.restore();
}

/** Thumbnails with round corners; a stack of cards behind those that others are folded into. */
function pictures(ctx, graph, seen, k, scene) {
  const { ink, tile, selected } = scene;
  let missing = 0;
  ctx.beginPath();
  for (const [i, px, py, s] of seen) {
    if (!graph.folded.has(i)) continue;
    ctx.roundRect(px - s / 2 + 6 * k, py - s / 2 + 5 * k, s, s, s * 0.2);
    ctx.roundRect(px - s / 2 + 3 * k, py - s / 2 + 2.5 * k, s, s, s * 0.2);
  }
  ctx.fillStyle = ink.wash;
  ctx.strokeStyle = ink.edge;
  ctx.lineWidth = 0.75;
  ctx.fill();
  ctx.stroke();
  ctx.beginPath();
  for (const [, px, py, s] of seen) ctx.roundRect(px - s / 2 - 2 * k, py - s / 2 - 2 * k, s + 4 * k, s + 4 * k, s * 0.24);
  ctx.fillStyle = ink.paper;
  ctx.fill();
  ctx.save();
  ctx.beginPath();
  for (const [, px, py, s] of seen) ctx.roundRect(px - s / 2, py - s / 2, s, s, s * 0.2);
  ctx.clip();
  ctx.fillStyle = ink.wash; // behind what has no picture, and around what is not square
  ctx.fill();
  for (const [i, px, py, s] of seen) {
    if (graph.words[i]) {
      leaf(ctx, graph.words[i], px, py, s, scene);
      continue;
    }
    const { image, at } = tile(i);
    if (image) ctx.drawImage(image, (at % 16) * TILE, (at >> 4) * TILE, TILE, TILE, px - s / 2, py - s / 2, s, s);
    else {
      missing++;
      ctx.fillStyle = graph.colour[i];
      ctx.fillRect(px - s / 2, py - s / 2, s, s);
    }
  }
  ctx.restore();
  const chosen = seen.find(([i]) => i === selected);
  if (chosen) {
    const [, px, py, s] = chosen;
    ctx.strokeStyle = ink.cinnabar;
    ctx.lineWidth = 2.5;
    ctx.beginPath();
    ctx.roundRect(px - s / 2 - 5, py - s / 2 - 5, s + 10, s + 10, s * 0.2 + 4);
    ctx.stroke();
  }
  return missing;
}

/** A cinnabar dot for a pick; a badge that counts what is folded. */
function marks(ctx, graph, seen, k, ink) {
  ctx.beginPath();
  for (const [i, px, py, s] of seen) {
    if (!graph.picked[i]) continue;
    const r = Math.max(1.2, 4.5 * Math.min(k, 1.2));
    const [cx, cy] = [px + s / 2 - r * 0.4, py - s / 2 + r * 0.4];
    ctx.moveTo(cx + r, cy);
    ctx.arc(cx, cy, r, 0, 7);
  }
  ctx.fillStyle = ink.cinnabar;
  ctx.strokeStyle = ink.paper;
  ctx.lineWidth = Math.min(4, 4 * k);
  if (k > 0.3) ctx.stroke();
  ctx.fill();
  if (k < 0.55) return;
  for (const [i, px, py, s] of seen) {
    const count = graph.folded.get(i);
    if (!count) continue;
    const [cx, cy, wide] = [px + s / 2 + 1, py + s / 2 + 1, count > 9 ? 13 : 11];
    ctx.beginPath();
    ctx.roundRect(cx - wide, cy - 8, wide * 2, 16, 8);
    ctx.fillStyle = ink.sheet;
    ctx.strokeStyle = ink.edge;
    ctx.lineWidth = 1;
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = ink.soft;
    ctx.fillText(`+${count}`, cx, cy + 0.5);
  }
}

/** Numbers under the thumbnails, and how each came when there is room to read it. */
function names(ctx, graph, seen, k, { ink, names }) {
  for (const [i, px, py, s] of seen) {
    const how = k >= 1.3 && graph.role[i] >= 0 ? ` · ${names[graph.roles[graph.role[i]]]}` : "";
    label(ctx, `${graph.number[i]}${how}`, px, py + s / 2 + 11, graph.way[i] ? ink.ink : ink.soft, ink.paper);
  }
}
