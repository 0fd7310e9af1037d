"""A picture put together from drawings: words, scene, SVG, pixels. No weights but the sentence model's."""
