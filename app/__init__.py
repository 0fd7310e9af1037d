"""Stemma: a web studio for human-AI co-creation."""
