"""A tune drawn as a score."""
