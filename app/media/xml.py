"""What our XML files have in common, whatever they hold: drawings (SVG) and documents (DOCX)."""

from __future__ import annotations

import re

RECIPE_SPACE = "urn:stemma:recipe"  # the namespace of the element that holds a recipe
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # not characters of XML 1.0 (2.2)
