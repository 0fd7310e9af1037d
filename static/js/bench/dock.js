// The dock is the lower edge of the stage. Its height is told to the styles, so that what comes into view comes above it.

/** Pixels from the window's top to the dock; undefined where there is none, as on a page that compares. */
export const dockTop = () => document.querySelector(".dock")?.getBoundingClientRect().top;

/** Follow the height of the toolbar's dock. When it grows, what has the focus stays in sight. */
export function follow(toolbar) {
  const dock = toolbar.closest(".dock");
  let height = 0;
  new ResizeObserver(() => {
    const now = dock.offsetHeight;
    document.documentElement.style.setProperty("--dock", `${now}px`);
    const focused = document.activeElement;
    if (now > height && focused.closest(".stage > :not(.dock)")) focused.scrollIntoView({ block: "nearest", behavior: "instant" });
    height = now;
  }).observe(dock);
}
