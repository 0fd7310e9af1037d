"""Poetic forms: lines, lengths, rhymes, tones and words; whether a text keeps them, and how to write within them."""
