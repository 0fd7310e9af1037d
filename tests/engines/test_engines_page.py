"""docs/engines.md word by word: what it says to type makes engines, and these work against the doubles of the services."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from app.brief import Brief
from app.engines.catalog import catalog
from app.engines.engine import Content, Engine, Request, Verb
from app.engines.image.service.dialects import DIALECTS
from app.settings import ROOT, Settings
from tests.engines.image.comfy_service import ComfyServer, workflow
from tests.engines.image.picture_service import PictureServer
from tests.engines.image.webui_service import WebUIServer
from tests.engines.text.service import Service, Serving

PAGE = (ROOT / "docs/engines.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
TYPED = [
    block
    for block in re.findall(r"```sh\n(.*?)\n```", PAGE + README, re.DOTALL)
    if block.startswith(("STEMMA_PICTURES", "STEMMA_TEXTS", "STEMMA_KEYS"))
]
SERVERS = {
    "openai": "openai",
    "team": "vllm-omni",
    "local": "sd-server",
    "forge": "a1111",
    "portrait": "comfyui",
}  # which server stands behind which name of the page
PROTOCOLS = {"a1111": "sdapi", "comfyui": "comfyui"}  # those that are no OpenAI's


def at(url: str, values: dict[str, str], folder: Path) -> dict[str, str]:
    """What is typed, with the double's address instead of the page's, and a workflow's file that is there."""
    file = folder / "portrait.json"
    file.write_text(json.dumps(workflow()), "utf-8")
    there = {name: re.sub(r'"url": "[^"]+"', f'"url": "{url}"', value) for name, value in values.items()}
    return {name: re.sub(r'"workflow": "[^"]+"', f'"workflow": "{file}"', value) for name, value in there.items()}


def works(engine: Engine) -> Content:
    engine.load("cpu")
    made = engine.run(Request(Verb.CREATE, Brief(intent="a fox", avoid="text"), engine.Params(), (1,)))
    return next(part for part in made if isinstance(part, Content))


@pytest.mark.parametrize("typed", TYPED)
def test_what_the_page_says_to_type_works(typed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    *words, command = shlex.split(typed)
    assert command == "bin/studio"
    values: dict[str, str] = dict(word.split("=", 1) for word in words)
    pictures = "STEMMA_PICTURES" in values
    name = re.findall(r'"name": "([^"]+)"', values["STEMMA_PICTURES" if pictures else "STEMMA_TEXTS"])[0]
    server = SERVERS.get(name, "texts")
    made: dict[str, Any] = {"texts": Service, "a1111": WebUIServer, "comfyui": ComfyServer}
    double = made[server]() if server in made else PictureServer(server)
    with Serving(double) as url:
        address = url.removesuffix("/v1") if server in PROTOCOLS else url
        for variable, value in at(address, values, tmp_path).items():
            monkeypatch.setenv(variable, value)
        engine = catalog(Settings())[name]
        content = works(engine)
    assert content.media_type == ("image/png" if pictures else "text/plain")
    if pictures:
        assert content.facts["protocol"] == PROTOCOLS.get(server, f"openai-images ({server})")
    if "STEMMA_KEYS" in values:
        shown = double.headers[0]
        assert "sk-" in shown.get("authorization", "") + shown.get("x-api-key", "")


def test_the_table_says_what_each_server_hears() -> None:
    rows = re.findall(
        r"^\| (.+?) \| (yes|no) \| (yes|in words) \| (yes|no) \| (yes|no) \| (yes|no) \| (\d) \|$", PAGE, re.MULTILINE
    )
    said = {name.strip("` ").lower(): rest for names, *rest in rows for name in names.split(", ")}
    assert set(said) == set(DIALECTS)
    for name, dialect in DIALECTS.items():
        heard = ["yes" if one in dialect.fields else "no" for one in ("seed", "steps", "guidance")]
        avoid = "yes" if "avoid" in dialect.fields or dialect.bar else "in words"
        assert said[name] == [heard[0], avoid, *heard[1:], "yes" if dialect.partials else "no", str(dialect.at_once)]
