"""The graph of revisions: layout, relatives, the loom of texts, comparison, and revisions made by hand."""
