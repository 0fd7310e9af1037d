// What is painted over a picture, as acts on a canvas of its size: white is to change. Each act can be undone; all of them are
// drawn again from the last one that left nothing of those before it.
const PAINT = "#e0401f"; // as it is shown; how white a pixel is lies in its transparency

export class MaskCanvas {
  acts = [];
  undone = [];

  constructor(canvas, width, height) {
    Object.assign(canvas, { width, height });
    Object.assign(this, { canvas, width, height, context: canvas.getContext("2d", { willReadFrequently: true }) });
  }

  /** Begin again with a mask that was kept (an image), or with nothing. */
  begin(image = null) {
    this.acts = image ? [{ kind: "kept", image: grey(image, this.width, this.height) }] : [];
    this.undone = [];
    this.#redraw();
  }

  /** {kind: "stroke", points: [[x, y, width], …], erase} · {kind: "area", points, erase} · {kind: "invert" | "clear"} */
  add(act) {
    this.acts.push(act);
    this.undone = [];
    this.#draw(act);
  }

  /** A stroke goes on; only what is new of it is drawn. */
  extend(act, points) {
    const from = act.points.length - 1;
    act.points.push(...points);
    this.#draw({ ...act, points: act.points.slice(from) }, true);
  }

  undo() {
    const act = this.acts.pop();
    if (act) this.undone.push(act);
    this.#redraw();
    return Boolean(act);
  }

  redo() {
    const act = this.undone.pop();
    if (act) this.acts.push(act);
    if (act) this.#draw(act);
    return Boolean(act);
  }

  /** How white each pixel is, its edges softened over `feather` pixels. */
  levels(feather = 0) {
    const { data } = this.context.getImageData(0, 0, this.width, this.height);
    const levels = new Uint8ClampedArray(this.width * this.height);
    for (let at = 0; at < levels.length; at++) levels[at] = data[4 * at + 3];
    return feather ? blurred(levels, this.width, this.height, feather) : levels;
  }

  #redraw() {
    this.context.clearRect(0, 0, this.width, this.height);
    const start = this.acts.findLastIndex(({ kind }) => kind === "clear" || kind === "kept");
    for (const act of this.acts.slice(Math.max(0, start))) this.#draw(act);
  }

  #draw({ kind, points = [], erase = false, image = null }, going = false) {
    const { context } = this;
    context.globalCompositeOperation =
      { invert: "source-out", clear: "copy", kept: "copy" }[kind] ?? (erase ? "destination-out" : "source-over");
    context.fillStyle = context.strokeStyle = PAINT;
    context.lineCap = context.lineJoin = "round";
    if (kind === "invert") context.fillRect(0, 0, this.width, this.height);
    else if (kind === "clear") context.clearRect(0, 0, this.width, this.height);
    else if (kind === "kept") context.drawImage(image, 0, 0);
    else if (kind === "area") {
      context.beginPath();
      for (const [x, y] of points) context.lineTo(x, y);
      context.fill();
    } else
      points.forEach(([x, y, width], at) => {
        if (going && at === 0) return; // it is there: drawn twice, its edge would be another than after an undo
        const [fromX, fromY] = points[at - 1] ?? [x, y];
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(fromX, fromY);
        context.lineTo(x, y);
        context.stroke();
        context.beginPath(); // a line of no length leaves no mark
        context.arc(x, y, width / 2, 0, 2 * Math.PI);
        context.fill();
      });
  }
}

/** A mask as an image has it, in grey, becomes one in transparency, as the canvas paints. */
function grey(image, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  for (let at = 0; at < pixels.data.length; at += 4) {
    pixels.data[at + 3] = pixels.data[at];
    pixels.data.set([224, 64, 31], at);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** A box blur over `radius` pixels, twice along each side: near enough to a Gaussian. */
function blurred(levels, width, height, radius) {
  let from = Float32Array.from(levels);
  for (const [count, length, step, next] of [
    [height, width, 1, width],
    [width, height, width, 1],
    [height, width, 1, width],
    [width, height, width, 1],
  ]) {
    const to = new Float32Array(from.length);
    for (let line = 0; line < count; line++) {
      const start = line * next;
      const pixel = (at) => from[start + Math.min(length - 1, Math.max(0, at)) * step];
      let sum = 0;
      for (let at = -radius; at <= radius; at++) sum += pixel(at);
      for (let at = 0; at < length; at++) {
        to[start + at * step] = sum / (2 * radius + 1);
        sum += pixel(at + radius + 1) - pixel(at - radius);
      }
    }
    from = to;
  }
  return Uint8ClampedArray.from(from);
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function chunk(kind, body) {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(body, 8);
  let crc = -1;
  for (const byte of bytes.subarray(4, 8 + body.length)) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  view.setUint32(8 + body.length, ~crc);
  return bytes;
}

/** A PNG in 8-bit grey: a canvas makes none without transparency (PNG, third edition, 11.2.1: 8 bits, grey). */
export async function png(levels, width, height) {
  const rows = new Uint8Array((width + 1) * height); // a zero before each row: it is not filtered
  for (let y = 0; y < height; y++) rows.set(levels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const head = new Uint8Array(13);
  new DataView(head.buffer).setUint32(0, width);
  new DataView(head.buffer).setUint32(4, height);
  head[8] = 8;
  const parts = [chunk("IHDR", head), chunk("IDAT", new Uint8Array(await new Response(packed).arrayBuffer())), chunk("IEND", [])];
  return new Blob([new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]), ...parts], { type: "image/png" });
}
