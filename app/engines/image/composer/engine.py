"""The composer: pictures put together from drawings, crisp and at once, without a model's weights."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, EngineParams, Medium, Parent, Request, Step, Strength, Verb
from app.engines.image.composer import changing, drawing
from app.engines.image.composer.composing import compose
from app.engines.image.composer.library import FILE, FOLDER, OWN, library, sources
from app.engines.image.composer.reading import MODIFIER, read
from app.engines.image.composer.scene import Scene, scene_of
from app.engines.image.composer.wish import Wish
from app.engines.image.house import Aspect
from app.engines.shared import weights
from app.engines.shared.local_engine import missing_package, unusable
from app.errors import EngineError, _
from app.lanes import Lane
from app.media.image.picture import webp
from app.media.medium import SCENE

SIDE, UNIT = 768, 16  # pixels of a square's side; what both sides are multiples of
PREVIEW = 128  # pixels of a preview's longer side
MOST_OFFERED = 6  # words for which something near is looked for
NOTHING_KNOWN = _("The scene composer reads English and everyday Chinese, and knows no word of this brief.")
NO_SCENE = _("The scene composer goes on from its own scenes only.")


class Look(StrEnum):
    """How the whole picture is made."""

    BRIEF = "brief"
    FLAT = "flat"
    PAPER = "paper"
    LINE = "line"
    DUOTONE = "duotone"
    PRINT = "print"
    WOOD = "wood"
    GLASS = "glass"
    CHALK = "chalk"
    FELT = "felt"


class Composer(Engine):
    """Reads things, counts, colours, places, hours and weather, and draws a scene of them by rules."""

    name = "composer"
    title = _("Scene composer")
    medium = Medium.IMAGE
    verbs = frozenset({Verb.CREATE, Verb.VARY, Verb.REFINE, Verb.REROLL})
    licence = "Apache-2.0; drawings MIT, Apache-2.0, CC-BY-4.0"
    begins_with: frozenset[str] = frozenset({SCENE})  # what it varies and refines is one of these
    unknown, elsewhere = NOTHING_KNOWN, NO_SCENE  # what it says to a brief it cannot read, and to another start

    class Params(EngineParams):
        """What an artist can set."""

        look: Look = Field(
            Look.BRIEF,
            title=_("Kind of picture"),
            description=_("How the picture is made; as the brief says, or flat where it says nothing."),
            json_schema_extra={
                "names": {
                    Look.BRIEF: _("As the brief says"),
                    Look.FLAT: _("Flat"),
                    Look.PAPER: _("Paper cut"),
                    Look.LINE: _("Line drawing"),
                    Look.DUOTONE: _("Duotone"),
                    Look.PRINT: _("Two-ink print"),
                    Look.WOOD: _("Inlaid wood"),
                    Look.GLASS: _("Stained glass"),
                    Look.CHALK: _("Chalk"),
                    Look.FELT: _("Felt"),
                }
            },
        )
        aspect: Aspect = Field(
            Aspect.SQUARE,
            title=_("Aspect ratio"),
            description=_("Width to height. Variations and refinements keep their parent's."),
        )

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def unready(self) -> str | None:
        path = self.folder / FILE
        return missing_package(("resvg_py", "tokenizers", "safetensors")) or unusable(path, weights.fault(path))

    def refusal(
        self,
        verb: Verb,
        brief: Brief,
        texts: Sequence[str] = (),  # noqa: ARG002 (the seam's)
        kinds: Sequence[str] = (),
    ) -> str | None:
        if verb in {Verb.VARY, Verb.REFINE} and kinds and not self.begins_with & set(kinds):
            return self.elsewhere
        if brief.empty or self.unready() is not None or _wish(brief.beginning()[0], self.folder).heard():
            return None
        return self.unknown

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (it takes less than a second)
        return Lane.QUICK

    def prompt(self, brief: Brief) -> Prompt:
        if self.unready() is not None:
            return brief.prompt()
        beginning, unread = brief.beginning()
        wish = _wish(beginning, self.folder)
        heard = wish.heard()
        said = ", ".join(value for _kind, value in heard)
        near = _near(tuple(wish.unread), self.folder)
        return Prompt(said, brief.prompt().negative, tuple(wish.unread), wish.bridges(), unread, heard=heard, near=near)

    def load(self, device: str) -> None:  # noqa: ARG002 (a processor is enough)
        if reason := self.unready():
            raise EngineError(reason)
        library(self.folder)

    def run(self, request: Request) -> Iterator[Step | Content]:
        drawings, scenes = library(self.folder), self.scenes(request)
        width, height = aspect_of(scenes[0]).size(SIDE, UNIT)
        documents = [drawing.svg(scene, drawings) for scene in scenes]
        total = len(scenes) + 1
        yield Step(1, total, tuple(_preview(document, width, height) for document in documents))
        made = []
        for number, document in enumerate(documents, 2):
            made.append(drawing.pixels(document, width, height))
            yield Step(number, total)
        prompt = self.prompt(request.brief).positive
        for index, (seed, scene, picture) in enumerate(zip(request.seeds, scenes, made, strict=True)):
            facts = {"prompt": prompt, "scene": scene.told(), **self.facts_of(scene)}
            yield Content(index, seed, picture, "image/png", width, height, facts)

    def scenes(self, request: Request) -> list[Scene]:
        """One for each seed. Raises EngineError where the brief says nothing that can be drawn, and where a variation or
        refinement has no scene to start from.
        """
        params = self.Params.model_validate(request.params.model_dump())
        drawings, style = library(self.folder), "" if params.look is Look.BRIEF else params.look.value
        wish = _wish(request.brief.beginning()[0], self.folder)
        if not wish.heard():
            raise EngineError(self.unknown)
        if request.verb not in {Verb.VARY, Verb.REFINE}:
            width, height = params.aspect.size(SIDE, UNIT)
            return [compose(wish, drawings, seed, width / height, style) for seed in request.seeds]
        parent = request.parents[0]
        scene = self.begun(parent)
        if scene is None:
            raise EngineError(self.elsewhere)
        ratio = scene.window[2] / scene.window[3]
        if request.verb is Verb.VARY and request.strength is Strength.STRONG:
            return [changing.moved(compose(wish, drawings, seed, ratio, style or scene.style), seed) for seed in request.seeds]
        if request.verb is Verb.VARY:
            return [changing.moved(scene, seed) for seed in request.seeds]
        old = _wish(parent.brief.beginning()[0], self.folder)
        return self.refined(scene, old, wish, request.seeds, style)

    def refined(self, scene: Scene, before: Wish, wish: Wish, seeds: Sequence[int], style: str) -> list[Scene]:
        """What the words change from the wish `before`: nothing else in the first one; the others move as well."""
        found = [changing.refined(scene, before, wish, library(self.folder), seed, style) for seed in seeds]
        moved = [changing.moved(one, seed) for one, seed in zip(found, seeds, strict=True)]
        return [moved[0] if found[0] == scene else found[0], *moved[1:]]

    def begun(self, parent: Parent) -> Scene | None:
        """The scene of a revision to start from; None where it has none."""
        return scene_of(parent.facts)

    def facts_of(self, scene: Scene) -> dict[str, Any]:
        """Of which library a scene is drawn, and whose drawings are in it."""
        drawings, makers = library(self.folder), sources(self.folder)
        shown = [drawings.drawings[number] for number in drawing.used(scene, drawings)]
        return {
            "model": self.folder.name,
            "weights": weights.weights_digest(self.folder / FILE, self.folder / OWN),
            "drawings": [{"name": one.name, **makers.get(one.set, {})} for one in shown],
            "libraries": {"resvg_py": version("resvg_py")},
        }


@lru_cache(maxsize=64)
def _read(brief: str, folder: Path) -> Wish:
    return read(Brief.model_validate_json(brief), library(folder))


def _wish(brief: Brief, folder: Path) -> Wish:
    """What the brief asks for, kept for the next time (a page asks for every draft that is saved)."""
    return _read(brief.model_dump_json(), folder)


@lru_cache(maxsize=64)
def _near(words: tuple[str, ...], folder: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the library has that is nearest to the first of `words` that may be things."""
    likely = [word for word in words if word.isascii() and not word.endswith(MODIFIER)][:MOST_OFFERED]
    found = ((word, library(folder).near(word)) for word in likely)
    return tuple((word, labels) for word, labels in found if labels)


def aspect_of(scene: Scene) -> Aspect:
    """That of the window."""
    wide, tall = scene.window[2:]
    sizes = {aspect: aspect.size(SIDE, UNIT) for aspect in Aspect}
    return min(Aspect, key=lambda one: abs(sizes[one][0] / sizes[one][1] - wide / tall))


def _preview(document: str, width: int, height: int) -> bytes:
    scale = PREVIEW / max(width, height)
    small = drawing.pixels(document, round(width * scale), round(height * scale))
    return webp(Image.open(io.BytesIO(small)).convert("RGB"))
