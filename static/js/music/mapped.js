// What the house engine heard in the brief, in the reader's words: its kind, metre, key, mood and length.
import { keyOf, named } from "./tonality.js";

const HEARD = /^([a-z ]+), (\d+\/\d+), ([A-G][#b]?) (\w+), (\w+), (\d+) bars$/;

/** Put the engine's line in `box` into words, now and whenever the draft was saved. `words` are {kinds, modes, moods, bars}. */
export function mapping(box, words) {
  const [kinds, modes, moods] = [words.kinds, words.modes, words.moods].map((one) => JSON.parse(one));
  const tell = () => {
    const line = box.querySelector(".read:not(.not)");
    const found = HEARD.exec(line?.textContent.trim() ?? "");
    if (!found) return;
    const [, kind, metre, tonic, mode, mood, bars] = found;
    const key = keyOf(`K:${tonic} ${mode}`);
    line.textContent = [kinds[kind] ?? kind, metre, named(key, modes), moods[mood] ?? mood, words.bars.replace("{n}", bars)].join(" · ");
  };
  new MutationObserver(tell).observe(box, { childList: true });
  tell();
}
