"""The store: content-addressed files, kept durably and never deleted unless the studio made them."""

from app.storage.store.store import ORPHAN_AGE, Store

__all__ = ["ORPHAN_AGE", "Store"]
