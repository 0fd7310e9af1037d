"""Texts: documents, prosody, rules of writing."""
