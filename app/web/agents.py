"""Browsers by name, from what they say of themselves (RFC 9110, 10.1.5: User-Agent)."""

from __future__ import annotations

# Most browsers name those that they descend from as well, so the youngest of a family comes first.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Vivaldi": "Vivaldi", "Firefox": "Firefox", "FxiOS": "Firefox"}
BROWSERS |= {"CriOS": "Chrome", "Chrome": "Chrome", "Chromium": "Chromium", "Safari": "Safari"}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS"}
SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


def browser_named(agent: str) -> str:
    """A browser and its system as people call them, "Firefox · Windows"; `agent` itself where it names no known one."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), None)
    return " · ".join(filter(None, (browser, system))) if browser else agent
