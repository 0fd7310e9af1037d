"""The tokens of the house model of tunes, and which may follow."""
