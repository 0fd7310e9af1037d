// What an engine wrote, token by token; asked for once a revision, and only when somebody looks.
import { get, rooted } from "../shared/http.js";

const known = new Map(); // revision → promise of its tokens

/** The tokens of a revision: [{start, end, text, logprob, forced, alternatives: [{text, logprob}]}], in code points. */
export function tokensOf(revision) {
  if (!known.has(revision)) {
    const asked = get(rooted(`/revisions/${revision}/tokens`)).then((body) => (Array.isArray(body) ? body : body.items));
    asked.catch(() => known.delete(revision));
    known.set(revision, asked);
  }
  return known.get(revision);
}

/** Which of `tokens` (ordered, without overlaps) holds code point `point`; -1 for none. */
export function indexAt(tokens, point) {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle].end <= point) low = middle + 1;
    else high = middle;
  }
  return tokens[low] && tokens[low].start <= point ? low : -1;
}

// What is said of what is nearly impossible or nearly certain: 0 % and 100 % are for what is so.
const [LEAST, MOST] = [0.0001, 0.99];

/** A probability as people read it, from its natural logarithm. */
export function share(logprob, language = document.documentElement.lang) {
  if (logprob === null || logprob === undefined) return "–";
  const chance = Math.exp(logprob);
  const digits = chance >= 0.1 ? 0 : chance >= 0.01 ? 1 : 2;
  const said = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 0, maximumFractionDigits: digits });
  if (chance < LEAST / 2) return `< ${said.format(LEAST)}`;
  return chance < 1 && chance >= MOST + 0.005 ? `> ${said.format(MOST)}` : said.format(chance);
}

/** A token's text with what cannot be seen in it made visible. */
export const visible = (text) => text.replaceAll("\n", "⏎").replaceAll(/^ +| +$/g, (spaces) => "␣".repeat(spaces.length)) || "∅";
