// Keys by name, moved by semitones the way the studio does it (app/media/music/notation/pitch.py): of two spellings the plainer.

const LETTERS = "CDEFGAB";
const SEMITONES = [0, 2, 4, 5, 7, 9, 11];
const FIFTHS = { F: -1, C: 0, G: 1, D: 2, A: 3, E: 4, B: 5 };
const SHIFTS = { maj: 0, min: -3, dor: -2, mix: -1, phr: -4, lyd: 1, loc: -5 };
const ALIASES = { "": "maj", m: "min", ion: "maj", aeo: "min" };

const altered = (tonic) => (tonic[1] === "#" ? 1 : tonic[1] === "b" ? -1 : 0);
const fifths = ({ tonic, mode }) => FIFTHS[tonic[0]] + 7 * altered(tonic) + SHIFTS[mode];

/** The key of a tune: {tonic: "Bb", mode: "dor"}, or null. */
export function keyOf(text) {
  const found = /^K:\s*([A-G])([#b]?)\s*([A-Za-z]*)/m.exec(text);
  if (!found) return null;
  const word = found[3].toLowerCase().slice(0, 3);
  return { tonic: found[1] + found[2], mode: ALIASES[word] ?? (word in SHIFTS ? word : "maj") };
}

/** The key so many semitones higher. */
export function moved({ tonic, mode }, semitones) {
  const wanted = SEMITONES[LETTERS.indexOf(tonic[0])] + altered(tonic) + semitones;
  const all = [...LETTERS].flatMap((letter) => ["", "#", "b"].map((sign) => ({ tonic: letter + sign, mode })));
  const fitting = all.filter(
    (key) => (SEMITONES[LETTERS.indexOf(key.tonic[0])] + altered(key.tonic) - wanted) % 12 === 0 && Math.abs(fifths(key)) <= 7,
  );
  return fitting.sort((one, other) => Math.abs(fifths(one)) - Math.abs(fifths(other)) || fifths(other) - fifths(one))[0];
}

/** A key in words; `names` are those of the modes, "{k} major" and so on. */
export const named = ({ tonic, mode }, names) => names[mode].replace("{k}", tonic.replace("#", "♯").replace("b", "♭"));

/** A field of the header, without its comment. */
export const field = (text, letter) => new RegExp(`^${letter}:\\s*([^%\\n]*)`, "m").exec(text)?.[1].trim() ?? "";
