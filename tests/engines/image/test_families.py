"""Every family that the hub engine knows, each by a tiny pipeline: it does what is asked or refuses in a sentence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_inpaint
from PIL import Image, ImageDraw

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.image import families, preview
from app.engines.image.families import FAMILIES, Mask, Start, known
from app.engines.image.pipeline import Pipeline
from app.engines.image.pipeline_loading import assembled, measured, siblings
from app.errors import EngineError
from app.media.image.picture import png
from app.settings import EngineSetting
from tests.engines.image import tiny_families

pytestmark = pytest.mark.model
SIDE = 64
# Not loaded from a folder here: transformers' processor of one wants torchvision, diffusers' loader of the other accelerate.
UNSAVED = {"QwenImageEditPipeline": "somebody/qwen-image-edit", "Krea2Pipeline": "krea/krea-2"}


@pytest.fixture(scope="module", params=tiny_families.MAKERS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Each family in turn, loaded from a folder of its own."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("family") / "pipeline"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preview, "INTERVAL", 0)
        # It looks at a picture of a million pixels: a tiny one is quicker.
        for module in (pipeline_qwenimage_edit, pipeline_qwenimage_edit_inpaint):
            patch.setattr(module, "calculate_dimensions", lambda _area, _ratio: (SIDE, SIDE, None))
        if request.param == "Flux2KleinPipeline":  # it reads 512 tokens whatever is said: 28 layers are slow in that
            _read_less(patch, diffusers.Flux2KleinPipeline)
            _read_less(patch, diffusers.Flux2KleinInpaintPipeline)
        if request.param in UNSAVED:
            pipe = tiny_families.MAKERS[request.param](folder)
            engine = Pipeline(EngineSetting(name="mine", model=UNSAVED[request.param], steps=4, guidance=3, side=SIDE))
            engine._loaded = assembled(siblings(pipe))
        else:
            engine = Pipeline(
                EngineSetting(name="mine", model=str(tiny_families.made(request.param, folder)), side=SIDE, steps=4)
            )
            assert engine.unready() is None
            engine.load("cpu")
        yield engine


def _read_less(patch: pytest.MonkeyPatch, kind: Any) -> None:
    encode = kind.encode_prompt
    patch.setattr(kind, "encode_prompt", lambda *values, **named: encode(*values, **(named | {"max_sequence_length": 32})))


def ask(engine: Pipeline, verb: Verb, seeds: tuple[int, ...] = (1, 2), **fields: Any) -> list[Any]:
    params = engine.Params(**({"steps": 6, "guidance": 3} | fields.pop("params", {})))
    return list(engine.run(Request(verb, Brief(intent="a fox", avoid="a dog"), params, seeds, **fields)))


def contents(made: list[Any]) -> list[Content]:
    return [one for one in made if isinstance(one, Content)]


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)


def drawn() -> bytes:
    picture = Image.new("RGB", (SIDE, SIDE), "#f0e0c0")
    ImageDraw.Draw(picture).ellipse((10, 14, 48, 50), fill="#3060b0")
    return png(picture)


PARENT = Parent("vary", drawn(), "image/png", None, None, {})


def loaded(engine: Pipeline) -> Any:
    assert engine._loaded is not None
    return engine._loaded


def test_it_is_known_before_it_is_loaded(engine: Pipeline) -> None:
    family = loaded(engine).family
    assert family == engine.known.family == FAMILIES[engine.known.name]
    found = measured(loaded(engine).pipes)
    assert (found.guidance, found.start, found.creates) == (family.guidance, family.start, family.creates)
    assert found.avoid == (
        family.avoid or ("Flux" in engine.known.name and "Flux2" not in engine.known.name)
    )  # FLUX.1's is dead
    assert (family.mask is Mask.OWN) == ("inpaint" in loaded(engine).pipes)


def test_it_creates_with_previews(engine: Pipeline) -> None:
    if not loaded(engine).family.creates:
        assert not {Verb.CREATE, Verb.REROLL} & engine.verbs
        with pytest.raises(EngineError, match="needs one to start from"):
            ask(engine, Verb.CREATE)
        return
    made = ask(engine, Verb.CREATE, params={"aspect": "3:2", "steps": 4})
    steps = [one for one in made if isinstance(one, Step)]
    assert [one.number for one in steps] == list(range(1, steps[-1].total + 1))
    assert all(len(one.previews) == 2 and any(one.previews) for one in steps)
    first, second = contents(made)
    assert first.data != second.data
    assert first.width > first.height
    assert abs(first.width * first.height / SIDE**2 - 1) < 0.3
    alone = contents(ask(engine, Verb.CREATE, (2,), params={"aspect": "3:2", "steps": 4}))[0]
    assert np.abs(pixels(alone.data) - pixels(second.data)).max() <= 2  # sums in another order


def test_guidance_is_heard(engine: Pipeline) -> None:
    verb, parents = (Verb.CREATE, ()) if loaded(engine).family.creates else (Verb.REFINE, (PARENT,))
    weak, strong = (
        contents(ask(engine, verb, (1,), parents=parents, params={"guidance": value, "steps": 3, "change": 1}))[0]
        for value in (2, 9)
    )
    assert weak.data != strong.data


@pytest.fixture
def quiet(engine: Pipeline) -> Iterator[None]:
    """The network says little: random weights would drown the picture that a run goes on from."""

    def scaled(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value * 0.1
        if isinstance(value, (tuple, list)):
            return type(value)(scaled(one) for one in value)
        if hasattr(value, "sample"):
            value.sample = scaled(value.sample)
        return value

    pipe = loaded(engine).pipes["create"]
    network = getattr(pipe, "unet", None) or pipe.transformer
    handle = network.register_forward_hook(lambda _network, _values, made: scaled(made))
    yield
    handle.remove()


@pytest.fixture
def likeness(engine: Pipeline, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How like the parent's latents are those that each run ends in, before they are decoded: a correlation."""
    vae, found = loaded(engine).space.vae, list[float]()
    pixels = torch.from_numpy(np.asarray(Image.open(io.BytesIO(PARENT.data or b"")), dtype="float32")).permute(2, 0, 1)[None]
    video = "Qwen" in type(vae).__name__
    with torch.inference_mode():
        base = vae.encode((pixels / 127.5 - 1)[:, :, None] if video else pixels / 127.5 - 1).latent_dist.mean.flatten()
    decode = vae.decode

    def listening(latents: torch.Tensor, *values: Any, **named: Any) -> Any:
        found.append(float(torch.corrcoef(torch.stack([base, latents[0].flatten()]))[0, 1]))
        return decode(latents, *values, **named)

    monkeypatch.setattr(vae, "decode", listening)
    return found


@pytest.mark.usefixtures("quiet")
def test_subtle_stays_nearer_than_strong(engine: Pipeline, likeness: list[float]) -> None:
    seeds = (3,) if loaded(engine).family.start is Start.STRENGTH else (3, 4)  # ours is to be right for several
    for strength in (Strength.SUBTLE, Strength.STRONG):
        made = contents(ask(engine, Verb.VARY, seeds, parents=(PARENT,), strength=strength))
        assert {(one.width, one.height) for one in made} == {(SIDE, SIDE)}
    # One call for both variants, or one each.
    subtle, strong = likeness[0], likeness[len(likeness) // 2]
    assert subtle > strong


@pytest.mark.usefixtures("quiet")
def test_refining_goes_as_far_as_it_is_told(engine: Pipeline, likeness: list[float]) -> None:
    for change in (0.2, 0.9):
        made = ask(engine, Verb.REFINE, (5,), parents=(PARENT,), params={"change": change})
        steps = [one for one in made if isinstance(one, Step)]
        assert [one.number for one in steps] == list(range(1, steps[-1].total + 1))
    assert likeness[0] > likeness[1]
    with pytest.raises(EngineError, match="no picture to start from"):
        ask(engine, Verb.REFINE)


def test_a_mask_changes_its_part(engine: Pipeline) -> None:
    mask = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(mask).rectangle((0, 0, SIDE // 2, SIDE), fill=255)
    made = contents(ask(engine, Verb.INPAINT, parents=(PARENT,), mask=png(mask), params={"steps": 4}))
    assert {(one.width, one.height) for one in made} == {(SIDE, SIDE)}
    apart = np.abs(pixels(made[0].data) - pixels(made[1].data)).mean(axis=2)
    assert apart[:, : SIDE // 2 - 8].mean() > 2 * apart[:, SIDE // 2 + 8 :].mean()


def test_it_stops_at_any_step(engine: Pipeline) -> None:
    params = engine.Params(steps=4, guidance=0)
    request = Request(Verb.VARY, Brief(intent="a fox"), params, (1,), (PARENT,), Strength.STRONG)
    total = next(one for one in engine.run(request) if isinstance(one, Step)).total
    for wanted in range(1, total + 1):
        run = engine.run(request)
        for _number in range(wanted):
            assert isinstance(next(run), Step)
        run.close()
    assert len(contents(list(engine.run(request)))) == 1


def test_what_it_raises_is_a_sentence(engine: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_values: Any, **_named: Any) -> None:
        raise AttributeError("'FrozenDict' object has no attribute 'sample_size'")

    pipe = loaded(engine).pipes["change" if "change" in loaded(engine).pipes else "create"]
    monkeypatch.setattr(type(pipe), "__call__", broken)
    with pytest.raises(EngineError, match="The engine could not do this"):
        ask(engine, Verb.VARY, (1,), parents=(PARENT,))


@pytest.mark.parametrize(
    ("model", "kind", "steps", "guidance"),
    [
        ("Tongyi-MAI/Z-Image-Turbo", "ZImagePipeline", 9, 0.0),
        ("Tongyi-MAI/Z-Image", "ZImagePipeline", 30, 4.0),
        ("black-forest-labs/FLUX.1-schnell", "FluxPipeline", 4, 0.0),
        ("black-forest-labs/FLUX.1-Kontext-dev", "FluxKontextPipeline", 28, 2.5),
        ("black-forest-labs/FLUX.2-klein-4B", "Flux2KleinPipeline", 4, 1.0),
        ("black-forest-labs/FLUX.2-klein-base-4B", "Flux2KleinPipeline", 50, 4.0),
        ("krea/Krea-2-Turbo", "Krea2Pipeline", 8, 0.0),
        ("stabilityai/sdxl-turbo", "StableDiffusionXLPipeline", 4, 1.0),
        ("Qwen/Qwen-Image-Edit-2509", "QwenImageEditPlusPipeline", 40, 4.0),
        ("somebody/something", "", 28, 5.0),
    ],
)  # fmt: skip
def test_what_weights_want_is_known_by_their_name(model: str, kind: str, steps: int, guidance: float) -> None:
    engine = Pipeline(EngineSetting(name="mine", model=model))
    assert engine.known.name == kind
    assert (engine.Params().model_dump()["steps"], engine.Params().model_dump()["guidance"]) == (steps, guidance)
    set_by_hand = Pipeline(EngineSetting(name="mine", model=model, steps=11, guidance=2)).Params().model_dump()
    assert (set_by_hand["steps"], set_by_hand["guidance"]) == (11, 2)


def test_what_a_family_does_not_read_is_told() -> None:
    turbo = Pipeline(EngineSetting(name="mine", model="Tongyi-MAI/Z-Image-Turbo"))
    told = turbo.prompt(Brief(intent="a fox", avoid="a dog"))
    assert (told.negative, told.dropped) == ("", ("a", "dog"))
    chinese = Brief(intent="一只狐狸")
    assert turbo.unasked(chinese)
    assert turbo.prompt(chinese).note == ""
    english = Pipeline(EngineSetting(name="mine", model="stabilityai/sdxl-turbo"))
    assert not english.unasked(chinese)
    assert "read English" in english.prompt(chinese).note
    assert english.unasked(Brief(intent="a fox"))


def test_the_table_names_classes_that_diffusers_has() -> None:
    for name, family in FAMILIES.items():
        assert hasattr(diffusers, name)
        assert not family.inpaint or hasattr(diffusers, family.inpaint)
    assert {kind for _pattern, kind in families._NAMES} <= set(FAMILIES)
    assert known("somebody/something").family.start is Start.STRENGTH


def test_a_package_that_a_family_wants_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "accelerate" else name)
    assert "accelerate is not installed" in (Pipeline(EngineSetting(name="mine", model="krea/Krea-2-Turbo")).unready() or "")
