// Search by a picture: what is chosen is sent.
const form = document.querySelector("form.probe");
form.addEventListener("change", () => form.requestSubmit());
