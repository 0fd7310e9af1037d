// What the house engine heard in the brief, in the reader's words: its kind, metre, key, mood, length, pace and instrument.
import { keyOf, named } from "./tonality.js";
import { words } from "../shared/words.js";

const HEARD = /^([a-z ]+), (\d+\/\d+), ([A-G][#b]?) (\w+), (\w+), (\d+) bars(?:, (\d+) beats a minute)?(?:, ([a-z ]+))?$/;

/** Put the engine's line in `box` into words, now and whenever the draft was saved. */
export function mapping(box) {
  const { kinds, modes, moods, instruments, heard } = words;
  const tell = () => {
    const line = box.querySelector(".read:not(.not)");
    const found = HEARD.exec(line?.textContent.trim() ?? "");
    if (!found) return;
    const [, kind, metre, tonic, mode, mood, bars, beats, instrument] = found;
    const key = keyOf(`K:${tonic} ${mode}`);
    const told = [kinds[kind] ?? kind, metre, named(key, modes), moods[mood] ?? mood, heard.bars.replace("{n}", bars)];
    if (beats) told.push(heard.beats.replace("{n}", beats));
    if (instrument) told.push(instruments[instrument] ?? instrument);
    line.textContent = told.join(" · ");
  };
  new MutationObserver(tell).observe(box, { childList: true });
  tell();
}
