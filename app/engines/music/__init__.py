"""Engines of tunes."""
