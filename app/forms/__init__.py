"""Forms: what is asked of a text (lines, lengths, rhymes, tones, words), whether it holds, and how to write within it."""
