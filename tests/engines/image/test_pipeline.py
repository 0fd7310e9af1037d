"""Any diffusers pipeline as an engine: tiny random ones made here, and the house model as a stranger's folder."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import threading
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from pydantic import ValidationError
from transformers import BertModel, BertTokenizer

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.image import preview, reading
from app.engines.image.house import FOLDER
from app.engines.image.pipeline import Pipeline
from app.engines.shared import minilm
from app.errors import EngineError
from app.settings import EngineSetting
from tests.engines.image import tiny_pipelines

pytestmark = pytest.mark.model
FOX = Brief(intent="a fox", avoid="a dog")


def engine_of(model: str | Path, **setting: Any) -> Pipeline:
    return Pipeline(EngineSetting(name="mine", model=str(model), **setting))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pipelines.stable_diffusion(tmp_path_factory.mktemp("tiny") / "pipeline")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Pipeline:
    engine = engine_of(folder, steps=6, guidance=3)
    assert engine.unready() is None
    engine.load("cpu")
    return engine


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "copied")


def ask(engine: Pipeline, verb: Verb = Verb.CREATE, seeds: tuple[int, ...] = (1, 2), **fields: Any) -> list[Any]:
    params = engine.Params(**fields.pop("params", {}))
    return list(engine.run(Request(verb, fields.pop("brief", FOX), params, seeds, **fields)))


def pipes(engine: Pipeline) -> dict[str, Any]:
    assert engine._loaded is not None
    return engine._loaded.pipes


def contents(made: list[Step | Content]) -> list[Content]:
    return [one for one in made if isinstance(one, Content)]


def pixels(content: Content) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content.data)), dtype=float)


def seen(step: Step) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(step.previews[0] or b"")), dtype=float)


def parent(content: Content) -> Parent:
    return Parent("vary", content.data, content.media_type, content.seed, "mine", {})


def test_steps_then_one_picture_a_seed(engine: Pipeline) -> None:
    made = ask(engine, params={"aspect": "3:2"})
    steps = [one for one in made if isinstance(one, Step)]
    assert [(step.number, step.total) for step in steps] == [(number, 6) for number in range(1, 7)]
    assert len(steps[0].previews) == 2
    preview = Image.open(io.BytesIO(steps[0].previews[0] or b""))
    assert (preview.format, max(preview.size)) == ("WEBP", 128)
    first, second = contents(made)
    assert made[-2:] == [first, second]
    assert [(one.index, one.seed, one.width, one.height) for one in (first, second)] == [(0, 1, 40, 24), (1, 2, 40, 24)]
    assert Image.open(io.BytesIO(first.data)).size == (40, 24)
    assert first.data != second.data
    assert first.facts["prompt"] == "a fox"
    assert first.facts["negative_prompt"] == "a dog"
    assert first.facts["weights"].startswith("tables:")


def test_the_settings_give_the_defaults_and_limits_stay() -> None:
    engine = engine_of("somebody/something", steps=7, guidance=1.5, title="Something")
    assert engine.title == "Something"
    assert engine.Params().model_dump() == {"steps": 7, "guidance": 1.5, "aspect": "1:1", "change": 0.6}
    schema = engine.Params.model_json_schema()["properties"]
    assert all(field.get("title") and field.get("description") for field in schema.values())
    for wrong in ({"steps": 0}, {"steps": 201}, {"guidance": -1}, {"aspect": "7:1"}, {"change": 2}, {"colour": 1}):
        with pytest.raises(ValidationError):
            engine.Params(**wrong)


def test_the_same_request_gives_the_same_picture_whoever_its_neighbours_are(engine: Pipeline) -> None:
    one, two = contents(ask(engine))
    again, alone = contents(ask(engine))[1], contents(ask(engine, seeds=(2,)))[0]
    assert again.data == two.data
    # float32 kernels sum in another order for another batch size: at most one level of 255 may differ.
    assert np.abs(pixels(alone) - pixels(two)).max() <= 1
    assert np.abs(pixels(alone) - pixels(one)).max() > 1


def test_refine_goes_as_far_as_it_is_told_and_takes_any_picture(engine: Pipeline) -> None:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((300, 200)).save(buffer, "JPEG")
    photo = Parent("refine", buffer.getvalue(), "image/jpeg", None, None, {})
    base = np.asarray(Image.open(buffer).resize((40, 24)).convert("RGB"), dtype=float)
    off = []
    for change in (0.2, 1.0):
        made = contents(ask(engine, Verb.REFINE, (5,), parents=(photo,), params={"change": change, "steps": 10}))
        assert (made[0].width, made[0].height) == (40, 24)
        off.append(np.corrcoef(pixels(made[0]).ravel(), base.ravel())[0, 1])
    assert off[0] > off[1]
    with pytest.raises(EngineError, match="no picture to start from"):
        ask(engine, Verb.REFINE)
    with pytest.raises(EngineError, match="cannot be read"):
        ask(engine, Verb.VARY, parents=(Parent("vary", b"GIF89a, almost", "image/gif", None, None, {}),))


def test_words_past_the_encoders_length_are_told(engine: Pipeline, copied: Path, tmp_path: Path) -> None:
    spelled = " ".join(["abcde"] * 15 + ["fghij", "klmno"])  # this encoder spells: 75 letters between start and end
    told = engine.prompt(Brief(intent=spelled, avoid="a dog"))
    assert told.positive == " ".join(["abcde"] * 15)
    assert told.dropped == ("fghij", "klmno")
    assert told.negative == "a dog"
    home = copied / "tokenizer"
    (home / "tokenizer.json").unlink()  # older checkpoints keep it in two files
    tiny_pipelines.clip(tmp_path / "words")
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(tmp_path / "words" / name, home / name)
    assert engine_of(copied).prompt(Brief(intent=spelled, avoid="a dog")) == told
    shutil.rmtree(home)
    reading._readers.cache_clear()
    assert engine_of(copied).prompt(Brief(intent=spelled)).dropped == ()  # unknown, so nothing is claimed


def test_the_shortest_change_is_one_step(engine: Pipeline) -> None:
    base = contents(ask(engine, seeds=(3,)))[0]
    for steps in (1, 7, 49):
        made = ask(engine, Verb.REFINE, (1,), parents=(parent(base),), params={"steps": steps, "change": 0.1})
        assert sum(isinstance(one, Step) for one in made) == max(1, steps // 10)


def test_closing_the_run_stops_it(engine: Pipeline) -> None:
    calls = []
    handle = pipes(engine)["create"].unet.register_forward_hook(lambda *_arguments: calls.append(1))
    run = engine.run(Request(Verb.CREATE, FOX, engine.Params(steps=200), seeds=(1,)))
    try:
        assert isinstance(next(run), Step)
        run.close()
        stopped = len(calls)
        assert stopped < 200
        assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
        assert len(contents(ask(engine, seeds=(1,)))) == 1  # and the next run is whole
    finally:
        handle.remove()


def test_what_a_pipeline_raises_is_told(engine: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(pipes(engine)["create"].vae, "decode", full)
    with pytest.raises(EngineError, match=r"CUDA out of memory\.$"):
        ask(engine)


def test_flux_packs_its_latents_and_is_previewed_all_the_same(tmp_path: Path) -> None:
    engine = engine_of(tiny_pipelines.flux(tmp_path / "pipeline"), steps=3)
    engine.load("cpu")
    for pipe in pipes(engine).values():
        pipe.default_sample_size = 16  # real Flux: 128
    made = ask(engine, params={"aspect": "2:3"})
    assert len(made[0].previews) == 2
    first = contents(made)[0]
    assert (first.width, first.height, first.facts["pipeline"]) == (24, 40, "FluxPipeline")
    varied = contents(ask(engine, Verb.VARY, parents=(parent(first),), strength=Strength.STRONG))
    assert {one.facts["pipeline"] for one in varied} == {"FluxImg2ImgPipeline"}
    assert (varied[0].width, varied[0].height) == (24, 40)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The house's folder, completed with the text encoder from its package: what a stranger would have."""
    folder = tmp_path_factory.mktemp("house") / "pipeline"
    source = minilm.folder()
    assert source is not None
    text = BertModel.from_pretrained(source, add_pooling_layer=False)
    text.config.use_attention_mask = True
    whole = StableDiffusionPipeline(
        unet=UNet2DConditionModel.from_pretrained(FOLDER / "unet"), vae=AutoencoderKL.from_pretrained(FOLDER / "vae"),
        scheduler=DDIMScheduler.from_pretrained(FOLDER / "scheduler"), text_encoder=text,
        tokenizer=BertTokenizer.from_pretrained(source, model_max_length=minilm.TOKENS),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    whole.save_pretrained(folder)
    engine = engine_of(folder, steps=12, guidance=4)
    assert engine.unready() is None
    engine.load("cpu")
    return engine


def test_the_house_folder_makes_real_pictures(house: Pipeline) -> None:
    heart = Brief(intent="a blue heart")
    (base,), (other,) = (contents(ask(house, brief=one, seeds=(4,))) for one in (heart, Brief(intent="a yellow car")))
    assert (base.width, base.height) == (256, 256)
    red, _green, blue = pixels(base).mean(axis=(0, 1))
    assert blue > red + 10
    off = {}
    for strength in Strength:
        varied = contents(ask(house, Verb.VARY, (6, 7), brief=heart, parents=(parent(base),), strength=strength))
        off[strength] = np.mean([np.abs(pixels(one) - pixels(base)).mean() for one in varied])
    assert 0 < off[Strength.SUBTLE] < off[Strength.STRONG]
    assert off[Strength.SUBTLE] < np.abs(pixels(other) - pixels(base)).mean()


@pytest.mark.parametrize("scheduler", ["DDIMScheduler", "EulerDiscreteScheduler", "DPMSolverMultistepScheduler"])
def test_previews_show_the_picture_long_before_it_is_done(
    house: Pipeline, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "INTERVAL", 0)
    pipe, config = pipes(house)["create"], {"rescale_betas_zero_snr": scheduler == "DDIMScheduler"}
    another = getattr(diffusers, scheduler).from_config(pipe.scheduler.config, **config)
    monkeypatch.setattr(pipe, "scheduler", another)
    made = ask(house, brief=Brief(intent="a blue heart"), seeds=(4,))
    whole = Image.open(io.BytesIO(contents(made)[0].data))
    done = np.asarray(whole.resize((preview.LONGER, preview.LONGER)), dtype=float)
    likeness = [np.corrcoef(seen(step).ravel(), done.ravel())[0, 1] for step in made if isinstance(step, Step)]
    assert len(likeness) == 12
    assert likeness[0] < 0.5
    assert min(likeness[6:]) > 0.8


def test_a_missing_model_is_told_without_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert "does not exist" in (engine_of(tmp_path / "nowhere").unready() or "")
    assert "does not exist" in (engine_of("./nowhere/at-all").unready() or "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "not in the local cache" in (engine_of("somebody/something").unready() or "")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert engine_of("somebody/something").unready() is None  # it will be downloaded when it is needed
    (tmp_path / "empty").mkdir()
    assert "model_index.json is missing" in (engine_of(tmp_path / "empty").unready() or "")
    with pytest.raises(EngineError, match="does not exist"):
        engine_of(tmp_path / "nowhere").load("cpu")


def test_a_cached_hub_model_is_found(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    kept = tmp_path / "models--somebody--something"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("c0ffee")
    shutil.copytree(folder, kept / "snapshots" / "c0ffee")
    assert engine_of("somebody/something").unready() is None
    (kept / "snapshots" / "c0ffee" / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"\0" * 20)
    assert "vae" in (engine_of("somebody/something").unready() or "")


def test_damaged_weights_are_named(copied: Path) -> None:
    file = copied / "unet" / "diffusion_pytorch_model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    assert str(file) in (engine_of(copied).unready() or "")
    with pytest.raises(EngineError, match=r"unet/diffusion_pytorch_model\.safetensors"):
        engine_of(copied).load("cpu")
    file.write_bytes(whole)
    (copied / "unet" / "config.json").write_text("{")
    with pytest.raises(EngineError, match="cannot be loaded"):
        engine_of(copied).load("cpu")


def test_no_code_from_the_folder_is_run(copied: Path, tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps(index | {"unet": ["planted", "Planted"]}))
    (copied / "unet" / "planted.py").write_text(f"open({str(mark)!r}, 'w')\nclass Planted: pass\n")
    with pytest.raises(EngineError, match="cannot be loaded"):
        engine_of(copied).load("cpu")
    assert not mark.exists()


class Planted:
    """What a malicious pickle does when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize("part", ["unet/diffusion_pytorch_model", "text_encoder/model"])
def test_pickled_weights_are_never_read(copied: Path, tmp_path: Path, part: str) -> None:
    mark, name = tmp_path / "was-read", {"unet": "diffusion_pytorch_model", "text_encoder": "pytorch_model"}
    (copied / f"{part}.safetensors").unlink()
    where = part.partition("/")[0]
    (copied / where / f"{name[where]}.bin").write_bytes(pickle.dumps(Planted(mark)))
    with pytest.raises(EngineError, match="cannot be loaded"):
        engine_of(copied).load("cpu")
    assert not mark.exists()
    for file in copied.glob("*/*.safetensors"):
        file.unlink()
    assert "no safetensors" in (engine_of(copied).unready() or "")
