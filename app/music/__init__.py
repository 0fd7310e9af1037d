"""Tunes as notation: reading and writing ABC, and what can be said and done with one without any model."""
