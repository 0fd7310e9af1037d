"""Vectorising: a flat picture becomes few paths in its own colours, and nothing that is traced takes for ever."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Verb
from app.engines.image.vectoriser import Vectoriser
from app.errors import EngineError, TooLargeError
from app.media.image import svg
from app.media.image.posterise import pick_palette, posterise
from app.media.image.tracing import How, Traced, trace
from tests.engines.drawings import ROOF, SKY, SUN, flat, noise, png, psnr, rendered


def drawn(picture: Image.Image, how: How | None = None) -> Traced:
    """The tracing of a picture."""
    return trace(png(picture), how or How())


def colours(made: Traced) -> set[str]:
    return set(re.findall(r'fill="(#\w{6})"', made.svg.decode()))


def test_a_flat_picture_becomes_few_paths_in_exactly_its_colours() -> None:
    made = drawn(flat(256))
    assert colours(made) == {"#{:02X}{:02X}{:02X}".format(*colour) for colour in (SKY, SUN, ROOF)}
    assert made.facts["paths"] == made.svg.count(b"<path") == 3
    assert sorted(made.facts["palette"]) == sorted(colours(made))
    assert (made.width, made.height) == (256, 256)
    assert svg.ours(made.svg)


def test_what_is_drawn_is_what_is_shown_and_holds_when_it_is_printed_large() -> None:
    made = drawn(flat(256))
    raster = Image.open(io.BytesIO(made.raster))
    assert raster.size == (1024, 1024)
    assert psnr(rendered(made.svg, 1024), raster) > 35
    assert psnr(rendered(made.svg, 2048), flat(2048)) > 30  # of a picture with an eighth of the pixels along a side


def test_transparent_stays_transparent() -> None:
    made = drawn(flat(128, "RGBA"))
    seen = rendered(made.svg, 128)
    assert seen.getpixel((2, 2)) == (0, 0, 0, 0)
    assert seen.getpixel((64, 40)) == (*SUN, 255)
    assert Image.open(io.BytesIO(made.raster)).getextrema()[3] == (0, 255)
    nothing = drawn(Image.new("RGBA", (64, 64)))
    assert (nothing.facts["paths"], svg.ours(nothing.svg)) == (0, True)


def test_fewer_colours_and_less_detail_are_fewer_paths() -> None:
    shades = Image.merge("RGB", (*(Image.linear_gradient("L").rotate(turn) for turn in (0, 90)), Image.radial_gradient("L")))
    few, many = drawn(shades, How(4, 1)), drawn(shades, How(32, 5))
    assert len(colours(few)) <= 4 < len(colours(many)) <= 32
    assert few.facts["paths"] < many.facts["paths"]


def test_without_curves_there_are_only_lines() -> None:
    curved, straight = (drawn(flat(64), How(smooth=smooth)).svg.decode() for smooth in (True, False))
    paths = "".join(re.findall(r' d="([^"]+)"', straight))
    assert set(re.findall(r"[A-Za-z]", paths)) == {"M", "L", "Z"}
    assert "C" in "".join(re.findall(r' d="([^"]+)"', curved))


def test_edges_give_no_colours_and_small_things_keep_theirs() -> None:
    palette = pick_palette(flat(256).convert("RGBA"), 12, 0.05)
    assert set(palette) == {SKY, SUN, ROOF}
    eyes = Image.new("RGBA", (128, 128), "white")
    eyes.paste((200, 220, 255, 255), (0, 64, 128, 128))
    eyes.paste((10, 10, 10, 255), (40, 30, 46, 36))
    assert (10, 10, 10) in pick_palette(eyes, 3, 0.05)


@pytest.mark.parametrize("how", [How(), How(32, 5)], ids=["usual", "finest"])
def test_noise_is_simplified_instead_of_traced_for_minutes(how: How) -> None:
    made = drawn(noise(1024), how)  # within the child's seconds of processor time, or it would be told
    assert len(made.svg) < svg.MOST
    assert made.facts["traced_of"] not in {"1024 × 1024", "512 × 512"}


def test_a_large_picture_is_traced_at_a_size_that_is_enough() -> None:
    made = drawn(flat(512).resize((4000, 3000)))
    assert (made.width, made.height, made.facts["traced_of"]) == (4000, 3000, "1024 × 768")
    root = ET.fromstring(made.svg)  # noqa: S314 (our own)
    assert (root.get("viewBox"), root.get("width"), root.get("height")) == ("0 0 1024 768", "4000", "3000")


def test_even_a_line_of_pixels_is_a_picture() -> None:
    assert drawn(Image.new("RGB", (8, 4000), "red")).facts["palette"] == ["#FF0000"]
    assert posterise(Image.new("L", (1, 1)), 2, 0.05, 1, 64).palette == ((0, 0, 0),)


def test_a_time_limit_ends_it_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "bounds", replace(trace.bounds, seconds=1))
    with pytest.raises(TooLargeError, match="fewer colours or less detail"):
        trace(png(noise(1024)), How(32, 5))


def test_who_stops_listening_stops_it() -> None:
    run = trace.watched(png(noise(2048)), How())
    assert next(run) is None
    run.close()


@pytest.mark.parametrize("data", [b"", b"garbage", b"<svg xmlns='http://www.w3.org/2000/svg'/>", png(flat(64))[:200]])
def test_what_is_no_picture_is_told(data: bytes) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        trace(data, How())


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="KeyError: 9"):
        trace(png(flat(64)), How(detail=9))


def test_the_engine_tells_that_it_works_and_hands_over_drawing_and_raster() -> None:
    engine = Vectoriser()
    engine.load("cpu")
    parent = Parent("vectorise", png(flat(64)), "image/png", 7, "house", {})
    request = Request(Verb.VECTORISE, Brief(), engine.Params(), (1,), (parent,))
    *steps, content = engine.run(request)
    assert all(isinstance(step, Step) for step in steps)
    assert isinstance(content, Content)
    assert (content.seed, content.media_type, content.width) == (None, "image/svg+xml", 64)
    assert content.raster is not None
    assert Image.open(io.BytesIO(content.raster)).size == (512, 512)
    with pytest.raises(EngineError, match="no picture"):
        list(engine.run(Request(Verb.VECTORISE, Brief(), engine.Params(), (1,))))


PATH = '<path d="M0 0 L1 1 Z " fill="#FF0000" transform="translate(0,0)"/>\n'
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" width="8" height="8">\n'


@pytest.mark.parametrize(
    "foreign",
    [
        HEAD + "<script>alert(1)</script></svg>\n",
        HEAD + PATH.replace("<path", '<path onload="alert(1)"') + "</svg>\n",
        HEAD + PATH.replace("#FF0000", "url(//evil)") + "</svg>\n",
        HEAD + '<image href="http://127.0.0.1/"/>\n</svg>\n',
        HEAD + "<style>*{background:url(//evil)}</style></svg>\n",
        '<!DOCTYPE svg [<!ENTITY a "a">]>\n' + HEAD + PATH + "</svg>\n",
        HEAD + PATH + "</svg>\n<svg/>",
        HEAD.replace("viewBox", 'onload="x" viewBox') + "</svg>\n",
        HEAD + PATH,
        HEAD + PATH * 80_000 + "</svg>\n",
    ],
)
def test_no_other_svg_is_taken_for_ours(foreign: str) -> None:
    assert svg.ours((HEAD + PATH + "</svg>\n").encode())
    assert not svg.ours(foreign.encode())
    assert not svg.ours(b"\xff" + foreign.encode())


def test_only_flat_paths_of_a_tracer_are_kept() -> None:
    told, paths = svg.compose(f"<!-- by x --><svg onload='x'>\n{PATH}<script/>{PATH}</svg>", (0, 0, 8, 8), (8, 8))
    assert (told.decode(), paths) == (f"{HEAD}{PATH}{PATH}</svg>\n", 2)
