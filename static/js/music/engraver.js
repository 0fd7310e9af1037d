// Drawing by abcjs (vendor/abcjs.min.js, loaded before these modules). The page's policy forbids style attributes and
// style elements, which it writes while it draws: attributes go through the CSSOM instead, and its one style element
// (about dragging notes, which nobody does here) becomes metadata and is taken out again.

const SANS = '"Source Sans 3"';
const SERIF = '"Fraunces"';
const FONTS = {
  titlefont: `${SERIF} 20`,
  subtitlefont: `${SERIF} 15`,
  composerfont: `${SANS} 13`,
  infofont: `${SANS} 13`,
  gchordfont: `${SANS} 13`,
  annotationfont: `${SANS} 12`,
  partsfont: `${SANS} 13 box`,
  repeatfont: `${SANS} 12`,
  tripletfont: `${SANS} 11 italic`,
  tempofont: `${SANS} 12`,
  vocalfont: `${SANS} 13`,
  wordsfont: `${SANS} 13`,
  measurefont: `${SANS} 10`,
  textfont: `${SANS} 13`,
  voicefont: `${SANS} 12`,
};
const TOLD = /^(?:[ABCDFGHNORSTZ]:|%%(?!\s*(?:MIDI|score|staves)\b)).*$/gm; // what the page says itself, and directives that would change it
const ROOM = 40; // px of a staff that one bar needs at least, with its clef

let holding = 0;

function holdingPolicy(draw) {
  const { setAttribute } = Element.prototype;
  if (holding++ === 0) {
    Element.prototype.setAttribute = function (name, value) {
      if (name === "style") this.style.cssText = value;
      else setAttribute.call(this, name, value);
    };
    document.createElementNS = (space, name) =>
      Document.prototype.createElementNS.call(document, space, name === "style" ? "metadata" : name);
  }
  try {
    return draw();
  } finally {
    if (--holding === 0) {
      Element.prototype.setAttribute = setAttribute;
      delete document.createElementNS;
    }
  }
}

/** The same text, as long to the character, without the fields that are not drawn: places in it stay true. */
export function bare(text, { tempo = true } = {}) {
  const less = text.replace(TOLD, (line) => "%".padEnd(line.length, " "));
  return tempo ? less : less.replace(/^Q:.*$/gm, (line) => "%".padEnd(line.length, " "));
}

/** Whether there is anything to draw: a key, and something after it. */
export const drawable = (text) => /^K:.*\n(?!\s*$)/m.test(text);

/**
 * Draw the first tune of `text` into `host`, `width` px wide; lines break as they do in the text, or every `wrap` bars.
 * Gives abcjs's tune, or null when nothing can be drawn. Offsets in it are UTF-16 units of `text`.
 */
export function engrave(host, text, { width, scale = 1, wrap = 0, tempo = true, title = false } = {}) {
  const staffwidth = Math.max(ROOM * 3, Math.round(width / scale));
  const params = {
    add_classes: true,
    staffwidth,
    format: FONTS,
    paddingtop: 6,
    paddingbottom: 6,
    paddingleft: 1,
    paddingright: 1,
    ...(wrap ? { wrap: { preferredMeasuresPerLine: wrap, minSpacing: 1.4, maxSpacing: 2.4 } } : {}),
  };
  const [tune] = holdingPolicy(() => ABCJS.renderAbc(host, title ? text : bare(text, { tempo }), params));
  const svg = host.querySelector("svg");
  host.removeAttribute("style");
  if (!tune || !svg) return null;
  for (const stray of svg.querySelectorAll("metadata, title")) stray.remove();
  svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  svg.style.maxWidth = `${Math.round(svg.getAttribute("width") * scale)}px`;
  for (const name of ["width", "height", "role", "aria-label"]) svg.removeAttribute(name);
  svg.setAttribute("aria-hidden", "true"); // what it shows is said by the element around it
  return tune;
}

/** Only read, for playing what is not drawn (yet). */
export const parsed = (text) => ABCJS.parseOnly(text)[0] ?? null;
