"""Differences: what two texts or tunes have in common, who wrote what of a text, and how a page shows it. No table, no web."""
