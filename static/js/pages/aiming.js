// A comment on a picture is about a point, or an area that is drawn: with the pointer, or with the arrow keys and Enter.
import { fill } from "../shared/words.js";
import { lay } from "./pins.js";

const STEP = 0.01; // of the picture's width that an arrow key moves the mark; five times as much with Shift
const DRAWN = 5; // pixels of the screen from which on a press was drawn to an area
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Let whoever writes in `say`, the form of a new comment, point at the picture. */
export function aim(say) {
  const row = say?.querySelector("[data-about=picture]");
  const host = document.getElementById("picture");
  if (row && host) new Aiming(say, row, host);
}

class Aiming {
  #field = null; // over the picture, while one aims
  #from = null;
  #mark = [0.5, 0.5]; // of the arrow keys, in parts of the picture

  constructor(form, row, host) {
    Object.assign(this, { form, row, host, said: row.querySelector("output") });
    this.button = row.querySelector("[data-aim]");
    this.anywhere = row.querySelector("[data-anywhere]");
    const image = host.querySelector("img");
    [this.width, this.height] = [Number(image.getAttribute("width")), Number(image.getAttribute("height"))];
    row.hidden = false;
    host.querySelector(".aim")?.remove();
    host.querySelector(".aimed")?.remove();
    this.button.addEventListener("click", () => (this.#field ? this.#end() : this.#begin()));
    this.anywhere.addEventListener("click", () => this.#place(null));
  }

  #begin() {
    this.#field = Object.assign(document.createElement("div"), { className: "aim", tabIndex: 0 });
    this.#field.setAttribute("role", "application");
    this.#field.setAttribute("aria-label", this.said.dataset.aiming);
    this.#field.append(Object.assign(document.createElement("span"), { className: "cross" }));
    for (const kind of ["pointerdown", "pointermove", "pointerup", "keydown"]) this.#field.addEventListener(kind, this);
    this.host.append(this.#field);
    this.button.ariaPressed = "true";
    this.said.textContent = this.said.dataset.aiming;
    this.#cross();
    this.#field.focus();
    this.host.scrollIntoView({ block: "nearest" });
  }

  #end() {
    this.#field?.remove();
    this.#field = this.#from = null;
    this.button.ariaPressed = "false";
    if (!this.form.querySelector("[name^='place.']")) this.said.textContent = "";
  }

  handleEvent(event) {
    if (event.type === "keydown") return this.#key(event);
    const { left, top, width, height } = this.#field.getBoundingClientRect();
    const at = [(event.clientX - left) / width, (event.clientY - top) / height].map((part) => Math.min(1, Math.max(0, part)));
    if (event.type === "pointerdown") {
      event.preventDefault();
      this.#field.setPointerCapture(event.pointerId);
      this.#from = at;
    } else if (this.#from) {
      const far = Math.max(Math.abs(at[0] - this.#from[0]) * width, Math.abs(at[1] - this.#from[1]) * height) > DRAWN;
      const place = far ? this.#area(this.#from, at) : this.#pixel(at);
      if (event.type === "pointermove") this.#show(place);
      else this.#set(place);
    }
  }

  #key(event) {
    const way = KEYS[event.key];
    if (event.key === "Escape") this.#end();
    else if (event.key === "Enter") this.#set(this.#pixel(this.#mark));
    else if (way) {
      const far = STEP * (event.shiftKey ? 5 : 1);
      this.#mark = this.#mark.map((part, at) => Math.min(1, Math.max(0, part + way[at] * far)));
      this.#cross();
      const [x, y] = this.#pixel(this.#mark);
      this.said.textContent = fill(this.said.dataset.point, { x, y });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #cross() {
    const { style } = this.#field.querySelector(".cross");
    [style.left, style.top] = this.#mark.map((part) => `${100 * part}%`);
  }

  #pixel([x, y]) {
    return [Math.min(this.width - 1, Math.floor(x * this.width)), Math.min(this.height - 1, Math.floor(y * this.height))];
  }

  #area(from, to) {
    const [x, y] = this.#pixel([Math.min(from[0], to[0]), Math.min(from[1], to[1])]);
    const [right, bottom] = this.#pixel([Math.max(from[0], to[0]), Math.max(from[1], to[1])]);
    return [x, y, right - x + 1, bottom - y + 1];
  }

  /** Where a place lies, drawn over the picture. */
  #show(place) {
    const old = this.host.querySelector(".aimed");
    if (!place) return old?.remove();
    const shown = old ?? this.host.appendChild(Object.assign(document.createElement("span"), { className: "aimed" }));
    shown.classList.toggle("point", place.length === 2);
    lay(shown, place, [this.width, this.height]);
  }

  #set(place) {
    this.#place(place);
    this.#end();
    this.form.querySelector("textarea").focus();
  }

  #place(place) {
    for (const old of this.form.querySelectorAll("[name^='place.']")) old.remove();
    const name = place?.length === 4 ? "place.box" : "place.point";
    for (const value of place ?? []) {
      this.form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    this.anywhere.hidden = !place;
    this.said.textContent = place ? fill(this.said.dataset[place.length === 4 ? "box" : "point"], { x: place[0], y: place[1] }) : "";
    this.#show(place);
  }
}
