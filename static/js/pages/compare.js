// Two pictures, one over the other: a slider uncovers the second, or they show in turn.
const figure = document.getElementById("slider");
if (figure) compare(figure);

function compare(figure) {
  const [views, range] = [figure.querySelector(".views"), figure.querySelector("input")];
  const [over, edge] = [views.querySelector(".b"), views.querySelector(".edge")];
  const buttons = [...figure.querySelectorAll("[data-view]")];
  let timer = 0;

  function uncover() {
    const share = Number(range.value);
    over.style.clipPath = `inset(0 0 0 ${share}%)`;
    edge.style.left = `${share}%`;
    range.ariaValueText = `${share} %`;
  }

  function show(view) {
    clearInterval(timer);
    figure.dataset.view = view;
    for (const button of buttons) button.ariaPressed = button.dataset.view === view;
    range.closest("label").hidden = edge.hidden = view !== "slide";
    over.style.clipPath = over.style.visibility = "";
    if (view === "slide") uncover();
    if (view === "flicker") {
      // Twice a second at most: slower than what can harm (WCAG 2.3.1), and by hand for who asked for no motion.
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) turn();
      else timer = setInterval(turn, 700);
    }
  }

  function turn() {
    over.style.visibility = over.style.visibility === "hidden" ? "" : "hidden";
  }

  function drag(event) {
    if (figure.dataset.view !== "slide" || !(event.buttons & 1)) return;
    const box = views.getBoundingClientRect();
    range.value = ((event.clientX - box.left) / box.width) * 100;
    uncover();
  }

  range.addEventListener("input", uncover);
  views.addEventListener("pointerdown", (event) => {
    views.setPointerCapture(event.pointerId);
    drag(event);
  });
  views.addEventListener("pointermove", drag);
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.view));
  show("slide");
}
