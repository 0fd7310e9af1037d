// What a verb's button says of it: the row of the table of verbs (templates/works/_verb_data.html).

/** Whether the request is to say `field` of a place in the text or tune. */
export const takes = (button, field) => (button.dataset.takes ?? "").split(" ").includes(field);

/** How many results to ask for, where the bench says `count` (null: nothing). */
export function counted({ dataset: { count: fixed, least } }, count) {
  if (fixed) return Number(fixed);
  return least ? Math.max(Number(least), count) : count;
}

/** The parents of a request: `revision`, and the one that `another()` lets the artist choose; null when they thought better of it. */
export async function parentsOf(button, verb, revision, another) {
  const parents = [{ revision, role: verb }];
  if (!button.dataset.sources) return parents;
  const second = await another();
  return second && [...parents, { revision: second, role: verb }];
}
