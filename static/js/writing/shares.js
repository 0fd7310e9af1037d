// Who wrote how much, which is the legend of the inks as well: "You 64 % · Model 30 % · Pasted 6 %".
import { words } from "../shared/words.js";

const KINDS = ["hand", "changed", "engine", "paste", "import"];

/** Whole per cents that add up to 100 (the largest remainders are rounded up). */
export function percents(fractions) {
  const found = fractions.map((fraction) => ({ whole: Math.floor(fraction * 100), rest: (fraction * 100) % 1 }));
  const left = Math.round(fractions.reduce((sum, fraction) => sum + fraction, 0) * 100) - found.reduce((sum, { whole }) => sum + whole, 0);
  for (const each of found.toSorted((one, other) => other.rest - one.rest).slice(0, left)) each.whole += 1;
  return found.map(({ whole }) => whole);
}

/** Fill a list with the shares of an editor. What has
 * no share is left out. What the hand changed in the engine's words is said apart, so that all of them add up to 100. */
export function showShares(list, shares) {
  const space = document.documentElement.lang.startsWith("zh") ? "" : "\u00a0";
  const apart = { ...shares, hand: Math.max(0, shares.hand - shares.changed) };
  const rounded = percents(KINDS.map((kind) => apart[kind]));
  const shown = Object.fromEntries(KINDS.map((kind, index) => [kind, rounded[index]]));
  list.classList.add("ink-legend");
  list.replaceChildren(
    ...KINDS.filter((kind) => apart[kind] > 1e-9).map((kind) => {
      const said = Object.assign(document.createElement("span"), { className: `ink-${kind}` });
      said.textContent = words.shares[kind].replace("{n}", `${shown[kind]}${space}%`);
      const item = document.createElement("li");
      item.append(said);
      return item;
    }),
  );
}
