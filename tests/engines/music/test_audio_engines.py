"""Engines of recordings on tiny random models: the true calls of diffusers and transformers, and what becomes of a parent."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from pydantic import ValidationError

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.music.ace_step import AceStep
from app.engines.music.musicgen import LICENCE, Draw, MusicGen
from app.engines.music.player import Player
from app.engines.music.tunes import ABC
from app.errors import EngineError
from app.media.music.sound.recording import FADE, FLAC, Recording, from_samples, read_recording
from app.settings import MusicSetting
from tests.engines.music import tiny_players
from tests.engines.music.tiny_players import RATE

pytestmark = pytest.mark.model
SEA = Brief(intent="waves on a quiet evening", avoid="drums")
TUNE = "X:1\nT:Two bars\nM:4/4\nL:1/4\nQ:1/4=240\nK:C\nCDEF|GABc|\n"


def ace(folder: str | Path, **setting: Any) -> AceStep:
    return AceStep(MusicSetting(name="ace", model=str(folder), **{"steps": 3, **setting}))


def gen(folder: str | Path, **setting: Any) -> MusicGen:
    return MusicGen(MusicSetting(name="gen", kind="musicgen", model=str(folder), **setting))


def loaded(engine: Player) -> Any:
    assert engine.unready() is None
    engine.load("cpu")
    return engine


@pytest.fixture(scope="module")
def ace_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_players.ace_step(tmp_path_factory.mktemp("tiny") / "ace")


@pytest.fixture(scope="module")
def gen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_players.musicgen(tmp_path_factory.mktemp("tiny") / "gen")


@pytest.fixture(scope="module")
def painter(ace_folder: Path) -> AceStep:
    engine: AceStep = loaded(ace(ace_folder))
    return engine


@pytest.fixture(scope="module")
def writer(gen_folder: Path) -> MusicGen:
    engine: MusicGen = loaded(gen(gen_folder))
    return engine


@pytest.fixture(scope="module")
def song() -> Recording:
    """Eight seconds brought from elsewhere: another rate, 24 bits, mono."""
    time = np.arange(8 * 2_000) / 2_000
    sound = 0.4 * np.sin(2 * np.pi * 220 * time) * (1 + 0.5 * np.sin(2 * np.pi * time))
    out = io.BytesIO()
    soundfile.write(out, sound, 2_000, format="WAV", subtype="PCM_24")
    return read_recording(out.getvalue())


def parent(of: Recording | str, role: str = "vary") -> Parent:
    data, kind = (of.encode(), ABC) if isinstance(of, str) else (of.encoded(), of.media_type)
    return Parent(role, data, kind, None, None, {})


def ask(engine: Player, verb: Verb = Verb.CREATE, seeds: Sequence[int] = (1, 2), **fields: Any) -> list[Any]:
    params = engine.Params(**fields.pop("params", {}))
    return list(engine.run(Request(verb, fields.pop("brief", SEA), params, tuple(seeds), **fields)))


def heard(run: list[Any]) -> list[Recording]:
    return [read_recording(one.data) for one in run if isinstance(one, Content)]


def apart(one: Recording, other: Recording) -> float:
    return float(np.abs(one.samples / 2**31 - other.samples / 2**31).max())


# ACE-Step


def test_a_brief_that_says_nothing_is_read_from_the_recording(painter: AceStep, song: Recording) -> None:
    base = replace(parent(song), words="waves, by a cello")
    run = ask(painter, Verb.REPLACE, (1,), brief=Brief(), parents=(base,), section=(1.0, 2.0))
    assert run[-1].facts["prompt"] == "waves, by a cello"


def test_words_become_recordings_step_by_step(painter: AceStep) -> None:
    run = ask(painter, params={"duration": 5, "lyrics": "[verse]\r\nslow water", "bpm": 90, "key": "F# minor", "metre": "3"})
    assert [(one.number, one.total) for one in run if isinstance(one, Step)] == [(1, 3), (2, 3), (3, 3)]
    first, second = run[-2:]
    assert [(one.index, one.seed, one.media_type) for one in (first, second)] == [(0, 1, FLAC), (1, 2, FLAC)]
    assert first.data != second.data
    assert (first.facts["duration"], first.facts["rate"], first.facts["channels"]) == (5.0, RATE, 2)
    assert (first.facts["prompt"], first.facts["lyrics"]) == (SEA.intent, "[verse]\nslow water")
    assert first.facts["weights"].startswith("tables:")
    assert heard(run)[0].duration == 5
    assert painter.prompt(SEA).dropped == ("drums",)


def test_what_is_set_reaches_the_pipeline(painter: AceStep, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    tokenizer = painter._pipe.tokenizer
    whole = type(painter._pipe).encode_prompt

    def listen(pipe: Any, **options: Any) -> Any:
        text, lyrics = pipe._format_prompt(
            options["prompt"][0], options["lyrics"][0], options["vocal_language"], options["audio_duration"],
            options["instruction"], options["bpm"], options["keyscale"], options["timesignature"],
        )  # fmt: skip
        said.extend([text, lyrics])
        return whole(pipe, **options)

    monkeypatch.setattr(type(painter._pipe), "encode_prompt", listen)
    ask(painter, params={"duration": 5, "language": "fr", "bpm": 90, "key": "F♯ minor", "metre": "3"}, seeds=(1,))
    assert "- bpm: 90\n- timesignature: 3\n- keyscale: F# minor\n- duration: 5 seconds" in said[0]
    assert said[1].startswith("# Languages\nfr\n\n# Lyric\n[Instrumental]")
    assert tokenizer is painter._pipe.tokenizer


def test_the_same_seed_is_the_same_recording_whoever_its_neighbours_are(painter: AceStep, song: Recording) -> None:
    for fields in (
        {"params": {"duration": 5}},
        {"verb": Verb.VARY, "parents": (parent(song),)},
        {"verb": Verb.REPLACE, "parents": (parent(song),), "section": (2.0, 3.0)},
    ):
        torch.manual_seed(7)
        before = torch.random.get_rng_state()
        one, two = heard(ask(painter, **fields))
        assert (torch.random.get_rng_state() == before).all()  # nobody else's chance is touched
        (alone,) = heard(ask(painter, seeds=(2,), **fields))
        again = heard(ask(painter, **fields))[1]
        assert (again.samples == two.samples).all()
        assert apart(alone, two) < 1e-3
        assert apart(one, two) > 0.05


def test_a_section_is_made_anew_and_the_rest_stays_to_the_sample(painter: AceStep, song: Recording) -> None:
    run = ask(painter, Verb.REPLACE, parents=(parent(song, "replace"),), section=(2.5, 4.123))
    first, end = song.at(2.5), song.at(4.123)
    for take in heard(run):
        assert (take.frames, take.rate, take.subtype, take.kind) == (song.frames, 2_000, "PCM_24", "WAV")
        assert (take.samples[:first] == song.samples[:first]).all()
        assert (take.samples[end:] == song.samples[end:]).all()
        inside = slice(first + song.at(FADE), end - song.at(FADE))
        assert np.abs(take.samples[inside] / 2**31 - song.samples[inside] / 2**31).max() > 0.05
    assert run[-1].facts["section"] == [2.5, 4.123]
    assert run[-1].facts["crossfade"] == FADE


def test_the_pipeline_is_told_the_section_in_whole_latents(
    painter: AceStep, song: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[torch.Tensor] = []
    whole = painter._pipe._build_chunk_mask

    def listen(**told: Any) -> torch.Tensor:
        masks.append(whole(**told))
        return masks[-1]

    monkeypatch.setattr(painter._pipe, "_build_chunk_mask", listen)
    ask(painter, Verb.REPLACE, (1,), parents=(parent(song),), section=(2.01, 2.99))
    anew = masks[0][0, :, 0].nonzero().ravel().tolist()
    assert (anew[0], anew[-1]) == (50, 74)  # 2.00 to 3.00 at 25 a second: nothing asked for is left out
    assert masks[0].shape[1] == 200


def test_long_recordings_are_heard_a_minute_around(painter: AceStep) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (200 * RATE, 1))
    whole = from_samples(noise, RATE)
    (take,) = heard(ask(painter, Verb.REPLACE, (1,), parents=(parent(whole),), section=(150.0, 151.0), params={"steps": 1}))
    assert take.frames == whole.frames
    changed = np.flatnonzero((take.samples != whole.samples)[:, 0])
    assert whole.at(150) <= changed[0] <= changed[-1] < whole.at(151)


def test_a_recording_goes_on(painter: AceStep, song: Recording) -> None:
    (take,) = heard(ask(painter, Verb.CONTINUE, (1,), parents=(parent(song, "continue"),), params={"more": 2.5}))
    assert take.duration == 10.5
    kept = song.frames - song.at(FADE)
    assert (take.samples[:kept] == song.samples[:kept]).all()
    assert np.abs(take.samples[song.frames + 500 :] / 2**31).max() > 0.01


def test_variations_keep_the_length_and_differ_by_strength(
    painter: AceStep, song: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    whole = type(painter._pipe).__call__

    def listen(pipe: Any, **options: Any) -> Any:
        calls.append(options)
        return whole(pipe, **options)

    monkeypatch.setattr(type(painter._pipe), "__call__", listen)
    takes = [
        *heard(ask(painter, Verb.VARY, (1,), parents=(parent(song),))),
        *heard(ask(painter, Verb.VARY, (1,), parents=(parent(song),), strength=Strength.STRONG)),
        *heard(ask(painter, Verb.REFINE, (1,), parents=(parent(song),), params={"change": 0.8})),
    ]
    assert [take.duration for take in takes] == [8.0, 8.0, 8.0]
    assert apart(takes[0], takes[1]) > 1e-3
    assert [call["audio_cover_strength"] for call in calls] == [1.0, 0.5, pytest.approx(0.2)]
    assert ["reference_audio" in call for call in calls] == [True, False, False]
    assert calls[0]["src_audio"].shape == (2, 8 * RATE)


def test_a_tune_can_be_played_by_the_band(painter: AceStep) -> None:
    (take,) = heard(ask(painter, Verb.VARY, (1,), parents=(parent(TUNE),)))
    assert 2 <= take.duration < 5  # eight quarters at 240 and what rings on
    said = painter.refusal(Verb.REPLACE, SEA, (), (ABC,))
    assert said == "This engine starts from recordings here, not from notes."
    assert painter.refusal(Verb.VARY, SEA, (), (ABC,)) is None
    assert painter.refusal(Verb.REPLACE, SEA, (), (FLAC,)) is None


def test_a_poem_that_inspires_is_sung(painter: AceStep) -> None:
    poem = Parent("inspire", "夜静春山空".encode(), "text/plain", None, None, {})
    (made_of,) = [one for one in ask(painter, seeds=(1,), parents=(poem,), params={"duration": 5}) if isinstance(one, Content)]
    assert made_of.facts["lyrics"] == "夜静春山空"


def test_bad_input_is_told(painter: AceStep, song: Recording, ace_folder: Path) -> None:
    for section in ((3.0, 8.5), (4.0, 4.0), (-2.0, -1.0), None):
        with pytest.raises(EngineError, match=r"within 0 to 8\.00 seconds"):
            ask(painter, Verb.REPLACE, parents=(parent(song),), section=section)
    with pytest.raises(EngineError, match="no recording to start from"):
        ask(painter, Verb.VARY)
    with pytest.raises(EngineError, match=r"The lyrics are too long: \d+ tokens, and this engine reads 2048"):
        ask(painter, params={"lyrics": "la " * 1000})
    for wrong in ({"lyrics": "x" * 4001}, {"duration": 1200}, {"key": "H major"}, {"metre": "5"}, {"bpm": -1}, {"colour": 1}):
        with pytest.raises(ValidationError):
            painter.Params(**wrong)
    small = loaded(ace(ace_folder, longest=6))
    with pytest.raises(ValidationError, match="less than or equal to 6"):
        small.Params(duration=1200)
    with pytest.raises(EngineError, match="lasts 8 seconds; this engine hears at most 6"):
        ask(small, Verb.VARY, parents=(parent(song),))
    with pytest.raises(EngineError, match="at most 6 seconds at once"):
        ask(small, Verb.REPLACE, parents=(parent(song),), section=(0.5, 7.5))


def test_weights_without_a_tokenizer_cannot_cover(tmp_path: Path, song: Recording) -> None:
    engine = loaded(ace(tiny_players.ace_step(tmp_path / "ace", covers=False, turbo=True)))
    assert heard(ask(engine, params={"duration": 5}, seeds=(1,)))[0].duration == 5
    with pytest.raises(EngineError, match="no audio tokenizer"):
        ask(engine, Verb.VARY, parents=(parent(song),))


# MusicGen


def test_musicgen_writes_token_by_token(writer: MusicGen) -> None:
    run = ask(writer, params={"duration": 2})
    steps = [one for one in run if isinstance(one, Step)]
    assert (steps[0].number, steps[-1].number) == (1, steps[-1].total)
    assert len(steps) == steps[-1].total == 2 * 50 + 4
    one, two = heard(run)
    assert (one.duration, one.rate, one.samples.shape[1]) == (2.0, RATE, 1)
    assert apart(one, two) > 1e-3
    (alone,) = heard(ask(writer, seeds=(2,), params={"duration": 2}))
    again = heard(ask(writer, params={"duration": 2}))[1]
    assert (again.samples == two.samples).all()
    assert apart(alone, two) < 1e-3
    assert "CC-BY-NC" in writer.licence
    assert writer.licence == LICENCE


@pytest.mark.parametrize("channels", [1, 2])
def test_musicgen_goes_on_from_a_recording(tmp_path: Path, song: Recording, channels: int) -> None:
    engine = loaded(gen(tiny_players.musicgen(tmp_path / "gen", channels=channels)))
    takes = heard(ask(engine, Verb.CONTINUE, parents=(parent(song, "continue"),), params={"more": 1.5}))
    kept = song.frames - song.at(FADE)
    for take in takes:
        assert take.duration == 9.5
        assert (take.samples[:kept] == song.samples[:kept]).all()
        assert np.abs(take.samples[song.frames :]).max() > 0
    assert (takes[0].samples != takes[1].samples).any()
    with pytest.raises(ValidationError, match="less than or equal to 30"):
        engine.Params(duration=1200)
    assert engine.refusal(Verb.CONTINUE, SEA, (), (ABC,)) == "This engine starts from recordings here, not from notes."


def test_a_draw_is_the_softmax_of_what_guidance_and_top_k_leave() -> None:
    with_words, without = torch.tensor([[1.0, 2.0, 0.5, -1.0]]), torch.tensor([[0.5, 1.0, 1.0, 0.0]])
    ids = torch.zeros(1, 3, dtype=torch.long)
    counts = np.zeros(4)
    draw = Draw((5,), 1, 0.8, 3, 2.0, lambda _number: None)
    for _time in range(4000):
        scores = draw(ids, torch.cat([with_words, without]))
        assert scores.shape == (2, 4)
        assert (scores[0] == scores[1]).all()
        counts[int(scores[0].argmax())] += 1
    kept = (without + 2 * (with_words - without))[0]
    expected = torch.softmax(kept.masked_fill(kept < kept.topk(3).values[-1], -torch.inf) / 0.8, 0)
    assert counts[3] == 0
    assert np.abs(counts / 4000 - expected.numpy()).max() < 0.025
    greedy = Draw((5,), 1, 0.0, 0, 1.0, lambda _number: None)
    assert int(greedy(ids, with_words)[0].argmax()) == 1


# both


def test_closing_the_run_stops_it(painter: AceStep, writer: MusicGen) -> None:
    for engine, params in ((painter, {"duration": 5, "steps": 200}), (writer, {"duration": 30})):
        run = engine.run(Request(Verb.CREATE, SEA, engine.Params(**params), (1,)))
        assert isinstance(next(run), Step)
        run.close()  # type: ignore[attr-defined]  # a generator
        assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
        assert len(heard(ask(engine, seeds=(1,), params={"duration": 5}))) == 1  # and the next run is whole


def test_what_a_library_raises_is_told(painter: AceStep, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(painter._pipe.vae, "decode", full)
    with pytest.raises(EngineError, match=r"CUDA out of memory\.$"):
        ask(painter, params={"duration": 5})


@pytest.mark.parametrize("kind", ["ace", "gen"])
def test_what_is_missing_is_told_without_loading(
    kind: str, ace_folder: Path, gen_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make: Any = ace if kind == "ace" else gen
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "does not exist" in make(tmp_path / "nowhere").unready()
    assert make("somebody/something").unready() == "somebody/something is not in the local cache, and the hub is offline."
    with pytest.raises(EngineError, match="the hub is offline"):
        make("somebody/something").load("cpu")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert make("somebody/something").unready() is None  # it will be downloaded when it is needed
    (tmp_path / "empty").mkdir()
    assert "is missing or damaged" in make(tmp_path / "empty").unready()
    copied = shutil.copytree(ace_folder if kind == "ace" else gen_folder, tmp_path / "copied")
    (weights,) = [*copied.glob("transformer/*.safetensors"), *copied.glob("*.safetensors")]
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    assert "is cut short or damaged" in make(copied).unready()
    for file in copied.rglob("*.safetensors"):
        torch.save({"a": torch.zeros(1)}, file.with_suffix(".bin"))
        file.unlink()
    assert "holds no safetensors; other kinds of weights are not loaded" in make(copied).unready()


def test_pickled_weights_of_a_component_are_never_read(ace_folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(ace_folder, tmp_path / "copied")
    (copied / "vae" / "diffusion_pytorch_model.safetensors").rename(copied / "vae" / "diffusion_pytorch_model.bin")
    with pytest.raises(EngineError, match="cannot be loaded"):
        ace(copied).load("cpu")


def test_a_folder_of_something_else_is_told(ace_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert "holds no MusicGen but llama" in (gen(tmp_path).unready() or "")
    copied = shutil.copytree(ace_folder, tmp_path / "copied")
    index = copied / "model_index.json"
    index.write_text(index.read_text().replace("AceStepPipeline", "FluxPipeline"))
    with pytest.raises(EngineError, match="holds no AceStepPipeline but FluxPipeline"):
        ace(copied).load("cpu")
