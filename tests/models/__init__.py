"""Tests of the domain, without the web."""
