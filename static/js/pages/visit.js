// The code of a share link goes into its field, and is sent at once.
import { fillFromLink } from "../shared/codes.js";

const field = document.getElementById("code");
fillFromLink(field, () => field.form.requestSubmit());
