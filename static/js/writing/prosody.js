// The chooser of a form: what is asked besides shows where it makes sense, and the chosen one is named when it is folded.

export function forms(form) {
  const preset = form.elements["form.preset"];
  const show = () => {
    const chosen = preset.selectedOptions[0];
    document.getElementById("form-named").textContent = chosen.textContent.trim();
    const language = chosen.dataset.language ?? form.elements["form.language"].value;
    for (const field of preset.closest("details").querySelectorAll(".field[data-language]")) {
      const { language: needed, kind = "" } = field.dataset;
      field.hidden =
        (needed !== language && !(needed === "any" && !chosen.dataset.language)) ||
        (kind === "regulated" && !("regulated" in chosen.dataset));
      if (field.hidden) field.querySelector("select, input, textarea").value = "";
    }
    for (const name of ["lines", "stanzas", "measure", "rhyme", "metre"])
      form.elements[`form.${name}`].placeholder = chosen.dataset[name] ?? "";
  };
  preset.addEventListener("change", () => {
    form.elements["form.rest"].value = ""; // what a program asked for beside another form is no part of this one
    show();
  });
  form.elements["form.language"].addEventListener("change", show);
  form.addEventListener("input", ({ target }) => target === preset && show());
  show();
}
