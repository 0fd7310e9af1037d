// The code of a link goes into its field.
import { fillFromLink } from "../shared/codes.js";

fillFromLink(document.getElementById("code"));
