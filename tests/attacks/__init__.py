"""Attacks on a studio of our own, on loopback, bounded in count and time."""
