// The code of a link stands behind the #: it goes into its field, and out of the address bar.
const field = document.getElementById("code");
const code = decodeURIComponent(location.hash.slice(1));
if (code) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
}
