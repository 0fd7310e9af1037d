"""A tune as sound, and recordings."""
