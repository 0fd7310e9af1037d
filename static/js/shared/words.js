// The sentences of this page's scripts in the reader's language, by group: one JSON element a page (templates/base.html).

const element = document.getElementById("words");

export const words = element ? JSON.parse(element.textContent) : {};

/** `text` with each {name} filled in from `values`. */
export const fill = (text, values) => text.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
