"""Recipes that make the house's models. They run apart from the studio, on a CPU or a GPU: `stemma train …`."""
