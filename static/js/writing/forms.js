// The chooser of a form: what is asked besides shows where it makes sense, and the chosen one is named when it is folded.

export function forms(form) {
  const preset = form.elements["form.preset"];
  const show = () => {
    const chosen = preset.selectedOptions[0];
    document.getElementById("form-named").textContent = chosen.textContent.trim();
    for (const field of preset.closest("details").querySelectorAll(".field[data-language]")) {
      field.hidden = field.dataset.language !== chosen.dataset.language;
      if (field.hidden) field.querySelector("select").value = "";
    }
  };
  preset.addEventListener("change", show);
  form.addEventListener("input", ({ target }) => target === preset && show());
  show();
}
