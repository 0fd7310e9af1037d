"""Harmony, second voices, ornaments, and how alike two tunes are."""
