"""One file a noun; a handler finds, calls a model, answers."""
