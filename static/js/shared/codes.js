// The code of a link stands behind the #, which no server is told of: it goes into its field, and out of the address bar. A link
// that is pasted over this very page loads nothing: the browser only says that the part behind the # is another.

/** Fill `field` with the code of the link, now and whenever another comes; `then` is called after each. */
export function fillFromLink(field, then = () => {}) {
  const take = () => {
    const code = location.hash.slice(1);
    if (!code) return;
    field.value = code; // letters, digits and hyphens: a browser encodes none of them
    history.replaceState(null, "", location.pathname);
    then();
  };
  addEventListener("hashchange", take);
  take();
}
