"""Teach: a style of one's own, learned from an artist's pictures as low-rank changes of the house image model."""
