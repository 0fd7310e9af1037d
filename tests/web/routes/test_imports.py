"""Imports: whatever a camera or a painter's program wrote becomes upright RGB or RGBA, and nothing else comes along."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageCms, PngImagePlugin


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def imported(web: TestClient, work: str) -> Callable[[bytes], tuple[dict[str, Any], Image.Image]]:
    """Imports a file: what was answered, and the picture as it is kept."""

    def bring(data: bytes) -> tuple[dict[str, Any], Image.Image]:
        answer = web.post(f"/works/{work}/imports", files={"file": ("a.bin", data, "application/octet-stream")})
        assert answer.status_code == 201, answer.text
        kept = web.get(f"/revisions/{answer.json()['id']}/content")
        assert kept.headers["content-type"] == "image/png"
        return answer.json(), Image.open(io.BytesIO(kept.content))

    return bring


Bring = Callable[[bytes], tuple[dict[str, Any], Image.Image]]


def test_an_import_is_a_root(web: TestClient, imported: Bring) -> None:
    made, kept = imported(encoded(Image.new("RGB", (64, 48), "teal"), "PNG"))
    assert (made["origin"], made["parents"], made["number"], made["engine"], made["seed"]) == ("import", [], 1, None, None)
    asset = made["asset"]
    assert (asset["width"], asset["height"], asset["media_type"]) == (64, 48, "image/png")
    assert (kept.mode, kept.getpixel((3, 3))) == ("RGB", (0, 128, 128))


def test_transparency_stays(imported: Bring) -> None:
    glass = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    glass.putpixel((3, 3), (0, 0, 255, 128))
    _made, kept = imported(encoded(glass, "PNG"))
    assert (kept.mode, kept.getpixel((3, 3)), kept.getpixel((0, 0))[3]) == ("RGBA", (0, 0, 255, 128), 0)  # type: ignore[index]  # four ints
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((3, 3), 1)
    _made, kept = imported(encoded(palette, "PNG", transparency=0))
    assert (kept.mode, kept.getpixel((0, 0))[3], kept.getpixel((3, 3))) == ("RGBA", 0, (0, 255, 0, 255))  # type: ignore[index]  # as above


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(imported: Bring, orientation: int) -> None:
    scene = Image.new("RGB", (32, 16), "white")
    scene.paste("red", (0, 0, 8, 8))  # the corner that must be at the top left again
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    taken = scene.transpose(Image.Transpose(undo[orientation])) if orientation in undo else scene
    exif = Image.Exif()
    exif[0x0112] = orientation
    made, kept = imported(encoded(taken, "JPEG", exif=exif, quality=95, subsampling=0))
    assert (made["asset"]["width"], made["asset"]["height"]) == (32, 16)
    red, green, _blue = kept.getpixel((2, 2))  # type: ignore[misc]  # three ints
    assert (red > 200, green < 60) == (True, True)
    assert all(value > 200 for value in kept.getpixel((29, 13)))  # type: ignore[union-attr]  # three ints


def test_of_an_animation_the_first_picture_is_kept(imported: Bring) -> None:
    frames = [Image.new("RGB", (24, 24), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        options: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 100}
        if kind == "WEBP":
            options["lossless"] = True
        _made, kept = imported(encoded(frames[0], kind, **options))
        assert getattr(kept, "n_frames", 1) == 1, kind
        assert kept.convert("RGB").getpixel((12, 12)) == (255, 0, 0), kind


def test_print_colours_and_deep_greys_become_rgb(imported: Bring) -> None:
    cyan = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
    _made, kept = imported(encoded(cyan, "JPEG", quality=95))
    red, green, blue = kept.getpixel((5, 5))  # type: ignore[misc]  # three ints
    assert (kept.mode, red < 60, green > 150, blue > 150) == ("RGB", True, True, True)
    deep = Image.new("I;16", (32, 32), 0)
    for x in range(32):
        for y in range(32):
            deep.putpixel((x, y), x * 2048)
    _made, kept = imported(encoded(deep, "PNG"))
    greys = [kept.getpixel((x, 9))[0] for x in range(32)]  # type: ignore[index]  # three ints
    assert greys == sorted(greys)
    assert 100 < greys[16] < 156  # the middle of 16 bits is the middle of 8, not white
    assert (greys[0], greys[31] > 240) == (0, True)


def test_a_colour_profile_is_read_and_not_kept(imported: Bring) -> None:
    """sRGB stays what it is, a profile that is none is left aside, and neither stays in the file."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _made, same = imported(encoded(Image.new("RGB", (16, 16), (200, 100, 50)), "PNG", icc_profile=srgb))
    assert same.getpixel((3, 3)) == (200, 100, 50)
    _made, broken = imported(encoded(Image.new("RGB", (16, 16), (200, 100, 50)), "PNG", icc_profile=b"no profile"))
    assert broken.getpixel((3, 3)) == (200, 100, 50)
    for kept in (same, broken):
        assert "icc_profile" not in kept.info


def test_what_a_camera_tells_stays_outside(imported: Bring) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of a person"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    data = encoded(Image.new("RGB", (32, 32), "teal"), "JPEG", exif=exif, comment=b"home address", icc_profile=b"profile")
    made, kept = imported(data + b"<script>trailing</script>")
    assert not kept.getexif()
    assert set(kept.info) <= {"dpi"}
    raw = encoded(kept, "PNG")
    for secret in (b"Camera of", b"home address", b"trailing"):
        assert secret not in raw
    assert "Camera" not in json.dumps(made)
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "a person")
    made, kept = imported(encoded(Image.new("RGB", (32, 32)), "PNG", pnginfo=info))
    assert "Author" not in kept.info


def test_a_picture_of_ours_brings_its_recipe_back(web: TestClient, imported: Bring) -> None:
    first, _kept = imported(encoded(Image.new("RGB", (32, 32), "teal"), "PNG"))
    file = web.get(f"/revisions/{first['id']}/download").content
    made, kept = imported(file)
    assert made["facts"]["recipe"]["id"] == first["id"]
    assert "stemma" not in kept.info


@pytest.mark.parametrize("text", ["not json", "[1]", '"x"', "[" * 50_000, '{"a": "' + "x" * 100_001 + '"}'])
def test_a_recipe_that_is_none_is_not_believed(imported: Bring, text: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("stemma", text)
    made, _kept = imported(encoded(Image.new("RGB", (32, 32)), "PNG", pnginfo=info))
    assert set(made["facts"]) == {"file"}


def test_a_browser_goes_on_from_what_it_brought(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    answer = web.post(
        f"/works/{work}/imports",
        files={"file": ("fox.png", picture())},
        headers={"Accept": "text/html"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/works/{work}")
    base = web.get(f"/works/{work}/draft").json()["base"]
    assert base == web.get(f"/works/{work}/revisions").json()["items"][0]["id"]


def test_too_small_too_large_and_the_wrong_place(
    web: TestClient, work: str, project: str, picture: Callable[..., bytes]
) -> None:
    def bring(where: str, data: bytes) -> int:
        return web.post(f"/works/{where}/imports", files={"file": ("f.png", data)}).status_code

    assert bring(work, picture(size=(7, 100))) == 422
    assert bring(work, picture(size=(20_000, 9))) == 413
    poem = web.post(f"/projects/{project}/works", json={"title": "Poem", "medium": "text"}).json()["id"]
    assert bring(poem, picture()) == 415
    web.post(f"/works/{work}/trash")
    assert bring(work, picture()) == 409


# Texts


POEM = "微风拂面过东楼，\n月满空庭夜未收。"


@pytest.fixture
def poem(web: TestClient, project: str) -> str:
    """The id of a work of text."""
    return str(web.post(f"/projects/{project}/works", json={"title": "秋思", "medium": "text"}).json()["id"])


def brought(web: TestClient, work: str, name: str, data: bytes) -> Any:
    """What the studio answers to a file."""
    return web.post(f"/works/{work}/imports", files={"file": (name, data, "application/octet-stream")})


def test_a_text_is_a_root_and_all_of_it_is_imported(web: TestClient, poem: str) -> None:
    answer = brought(web, poem, "秋思.txt", POEM.replace("\n", "\r\n").encode("gb18030"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["origin"], made["parents"], made["text"], made["asset"]) == ("import", [], POEM, None)
    assert made["origins"] == [{"start": 0, "end": len(POEM), "by": "import"}]
    assert made["shares"] == {"import": 1.0}
    may_be = made["facts"].pop("encodings")
    assert "euc_jp" in may_be or "big5hkscs" in may_be
    assert made["facts"] == {"file": "秋思.txt", "format": "txt", "encoding": "gb18030"}
    assert answer.headers["location"] == f"/revisions/{made['id']}"


def test_markdown_comes_as_its_source_and_goes_as_it_came(web: TestClient, poem: str) -> None:
    source = "# 秋\n\n*yes* <script>alert(1)</script>\n"
    made = brought(web, poem, "a.md", source.encode()).json()
    assert made["text"] == source
    file = web.get(f"/revisions/{made['id']}/download")
    assert file.text.endswith(f"---\n\n{source}\n")


def test_a_web_page_comes_as_markdown_and_says_what_is_missing(web: TestClient, poem: str) -> None:
    made = brought(web, poem, "a.htm", b"<h1>Fall</h1><p>It was <em>cold</em>.<img src=x><script>no</script>").json()
    assert made["text"] == "# Fall\n\nIt was *cold*."
    told = {"format": "html", "encoding": "utf-8", "markup": "md", "simplified": ["Pictures in the document were left out."]}
    assert made["facts"] == {"file": "a.htm", **told}
    assert web.get(f"/revisions/{made['id']}/download").text.endswith("---\n\n# Fall\n\nIt was *cold*.\n")
    bench = web.get(f"/works/{poem}", headers={"Accept": "text/html"})
    assert bench.status_code == 200
    assert brought(web, poem, "a.html", b"<!-- nothing -->").status_code in {415, 422}


JAPANESE = "春の海\r\nひねもすのたりのたりかな\r\n"


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    ("said", "encoding", "wrong"),
    [(JAPANESE, "euc_jp", "gb18030"), ("人生若只如初見", "big5hkscs", "cp949"), ("나 보기가 역겨워", "cp949", "gb18030"),
     ("“Grüße,” said she — naïve", "cp1252", "cp1250")],
)  # fmt: skip
def test_a_guessed_encoding_is_told_and_another_can_be_chosen(
    web: TestClient, poem: str, name: str, said: str, encoding: str, wrong: str
) -> None:
    """Whatever was guessed, the file's own encoding can be had, and the first reading again from there."""
    first = brought(web, poem, name, said.encode(encoding)).json()
    assert first["facts"]["encoding"] == encoding
    assert wrong in first["facts"]["encodings"]
    ask = lambda revision, meant: web.post(f"/works/{poem}/encodings", json={"revision": revision, "encoding": meant})  # noqa: E731
    other = ask(first["id"], wrong)
    assert other.status_code == 201, other.text
    assert (other.json()["text"], other.json()["origin"]) == (
        said.encode(encoding).decode(wrong).replace("\r\n", "\n"),
        "import",
    )
    back = ask(other.json()["id"], encoding).json()
    assert (back["text"], back["facts"]["encoding"]) == (said.replace("\r\n", "\n"), encoding)
    assert web.get(f"/revisions/{first['id']}").json()["text"] == first["text"]  # nothing is lost
    assert len(web.get(f"/works/{poem}/revisions").json()["items"]) == 3
    for meant in ("utf-8", encoding, "rot13", "nonsense"):
        assert ask(first["id"], meant).status_code == 422, meant


def test_the_bench_offers_the_choice_where_it_was_a_guess(web: TestClient, poem: str) -> None:
    headers = {"Accept": "text/html"}
    for data, offered in ((JAPANESE.encode("euc_jp"), True), (JAPANESE.encode(), False), (JAPANESE.encode("utf-16"), False)):
        web.post(f"/works/{poem}/imports", files={"file": ("a.txt", data)}, headers=headers, follow_redirects=False)
        page = web.get(f"/works/{poem}", headers=headers).text
        assert (f'action="/works/{poem}/encodings"' in page) == offered
    chosen = {"revision": web.get(f"/works/{poem}/revisions").json()["items"][-1]["id"], "encoding": "gb18030"}
    answer = web.post(f"/works/{poem}/encodings", data=chosen, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/works/{poem}")
    draft = web.get(f"/works/{poem}/draft").json()
    assert draft["text"] == JAPANESE.encode("euc_jp").decode("gb18030").replace("\r\n", "\n")


def test_a_docx_goes_out_and_comes_back(web: TestClient, poem: str) -> None:
    first = brought(web, poem, "a.txt", POEM.encode()).json()
    file = web.get(f"/revisions/{first['id']}/content?as=docx").content
    back = brought(web, poem, "a.docx", file)
    assert (back.status_code, back.json()["text"]) == (201, POEM)
    assert back.json()["facts"]["recipe"]["id"] == first["id"]


def test_a_browser_goes_on_from_the_text_it_brought(web: TestClient, poem: str) -> None:
    files = {"file": ("a.txt", POEM.encode())}
    answer = web.post(f"/works/{poem}/imports", files=files, headers={"Accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/works/{poem}")
    draft = web.get(f"/works/{poem}/draft").json()
    assert (draft["text"], draft["origins"]) == (POEM, [{"start": 0, "end": len(POEM), "by": "import"}])


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.txt", b"", 422),
        ("a.txt", b" \r\n\n", 422),
        ("a.txt", b"bell \x07", 422),
        ("a.txt", "\x85".encode(), 422),
        ("a.txt", b"a" * 1_000_001, 413),
        ("a.txt", b"a\r\n" * 600_000, 413),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0", 415),
        ("a.png", b"text", 415),
        ("a.docx", b"no archive", 415),
        ("", b"text", 422),
    ],
)
def test_what_is_no_text_is_refused_with_words(web: TestClient, poem: str, name: str, data: bytes, status: int) -> None:
    answer = brought(web, poem, name, data)
    assert answer.status_code == status
    assert answer.json()["title"]
    assert web.get(f"/works/{poem}/revisions").json()["items"] == []


def test_a_file_over_the_limit_is_told(web: TestClient, poem: str, config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "max_upload", 100)
    assert brought(web, poem, "a.txt", b"a" * 101).status_code == 413
    assert brought(web, poem, "a.txt", b"a" * 100).status_code == 201


def test_texts_and_pictures_do_not_mix(web: TestClient, work: str) -> None:
    assert brought(web, work, "a.txt", POEM.encode()).status_code == 415
