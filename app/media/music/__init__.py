"""Music: notation, ABC, files, engraving, sound, grammar and theory."""
