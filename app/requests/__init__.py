"""From what an artist asks for to a generation: verbs, validation for each medium, the choice of an engine, the outbox."""
