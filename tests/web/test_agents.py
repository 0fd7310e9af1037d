"""Browsers are called by their names."""

from __future__ import annotations

import pytest

from app.web.agents import browser_named

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/156.0.0.0 Safari/537.36", "Chrome · Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:147.0) Gecko/20100101 Firefox/147.0", "Firefox · Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1",
            "Safari · iPhone",
        ),
        (f"Mozilla/5.0 (Linux; Android 16; K) {KIT} Chrome/156.0.0.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15", "Safari · macOS"),
        ("python-httpx2/2.1", "python-httpx2/2.1"),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_its_name(agent: str, named: str) -> None:
    assert browser_named(agent) == named
