"""ABC notation: reading, writing, transposing."""
