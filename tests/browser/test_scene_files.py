"""A scene's SVG looks in a browser as the studio's own raster of it does."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser

from tests.running import Running


@pytest.mark.parametrize(
    ("look", "most"),  # steps of 255; the grain of wood is hairlines in a pattern, which the two blend differently
    [("flat", 2.5), ("paper", 2.5), ("print", 2.5), ("glass", 2.5), ("wood", 6.0)],
)
def test_the_svg_is_alike_in_chromium_and_in_resvg(chromium: Browser, studio: Running, look: str, most: float) -> None:
    brief = "a lion and three owls in a city at night, foggy"
    made = studio.make(studio.work(), brief, engine="composer", params={"look": look}, count=1, seed=6)["variants"][0]["id"]
    svg = studio.http.get(f"/revisions/{made}/download?as=svg").raise_for_status().text
    page = chromium.new_context(viewport={"width": 768, "height": 768}).new_page()
    page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:768px;height:768px}}</style>{svg}")
    seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.context.close()
    ours = Image.open(io.BytesIO(studio.http.get(f"/revisions/{made}/content").content)).convert("RGB")
    assert max(ImageStat.Stat(ImageChops.difference(seen, ours)).mean) < most
