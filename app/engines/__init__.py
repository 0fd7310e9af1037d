"""Engines: models behind one seam (`engine.py`), listed in `catalog.py`. No module here imports torch when imported."""
