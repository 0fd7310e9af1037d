"""A tune as data: notes, bars, keys, and the checks of its form."""
