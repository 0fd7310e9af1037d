// "1 second ago" goes on while the page is open. A time says how old it was when it was written (data-age, seconds); from
// then on this machine's clock counts, so that a studio whose clock differs makes nothing false.

const PAUSE = 1000; // ms
const UNITS = Object.entries({ year: 31_536_000, month: 2_592_000, week: 604_800, day: 86_400, hour: 3600, minute: 60, second: 1 });
const ENOUGH = 0.85; // of a unit to count in it, as the studio does (Babel)
const seen = new WeakMap(); // the element → {age, at}: when its age was first looked at

/** An age in seconds as people say it. */
export function ago(seconds, language) {
  const [unit, length] = UNITS.find(([, length]) => seconds / length >= ENOUGH) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(language).format(-Math.max(1, Math.round(seconds / length)), unit);
}

function tick() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const { age } = time.dataset;
    if (seen.get(time)?.age !== age) seen.set(time, { age, at: Date.now() });
    const said = ago(Number(age) + (Date.now() - seen.get(time).at) / 1000, document.documentElement.lang);
    if (time.textContent !== said) time.textContent = said;
  }
}

setInterval(tick, PAUSE);
