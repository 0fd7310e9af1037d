"""Engines that write: language models with written-out decoding, and remote services."""
