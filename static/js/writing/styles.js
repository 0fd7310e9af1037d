// The page's policy forbids style elements, which CodeMirror would put into the head: its rules become adopted sheets
// instead, in the layer `base`, so that ours in `room` come after them.
import { StyleModule } from "../../vendor/codemirror.min.js";

const mounted = new WeakSet();

StyleModule.mount = (root, modules) => {
  for (const module of [modules].flat()) {
    if (mounted.has(module)) continue;
    mounted.add(module);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`@layer base {\n${module.getRules()}\n}`);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }
};
