"""Judges: models that see how well a picture keeps to a brief, and which pictures and words lie near each other."""
