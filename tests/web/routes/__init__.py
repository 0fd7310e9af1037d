"""Tests of the studio over HTTP."""
