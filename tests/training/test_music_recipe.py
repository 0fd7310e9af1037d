"""The recipe of the model of tunes on a few tunes: what is shown is true, it learns, stops, goes on, exports, measures."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import END, EOS, GAP, IDS, MIDDLE, VOCABULARY, join_bars, split
from app.training.cli import app
from app.training.faults import TrainingError
from app.training.music import corpus, dataset, examples, measure, model
from app.training.music.dataset import Tokens
from app.training.music.known import known_of, tune_of
from app.training.music.model import Settings, Training
from app.training.run import Machine

TINY = Settings(minutes=1e6, batch=4, context=64, width=32, layers=1, heads=2, rate=3e-3)
BOOK = """X:{number}
T:Tune {number}
R:{kind}
M:{metre}
L:1/8
K:{key}
{music}
"""


@pytest.fixture(scope="module")
def tunebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books as music21 has them: forty tunes, one of them twice in another key, two that do not fit."""
    folder, chance = tmp_path_factory.mktemp("corpus"), random.Random(1)
    tunes = []
    for number in range(40):
        bars = ["".join(chance.choice("DEFGABc") for _ in range(6)) for _ in range(8)]
        tunes.append(BOOK.format(number=number, kind="jig", metre="6/8", key="D", music="|".join(bars) + "|]"))
    same = "|".join(["GABGAB"] * 8) + "|]"
    tunes.append(BOOK.format(number=40, kind="jig", metre="6/8", key="G", music=same))
    tunes.append(
        BOOK.format(
            number=41, kind="jig", metre="6/8", key="C", music=same.replace("B", "E").replace("A", "D").replace("G", "C")
        )
    )
    tunes.append(BOOK.format(number=42, kind="jig", metre="5/8", key="D", music="DEFGA|" * 8))
    tunes.append(BOOK.format(number=43, kind="jig", metre="6/8", key="D", music="DEFGA|" * 8))
    for book in corpus.BOOKS:
        (folder / book).mkdir()
    (folder / "ryansMammoth/book.abc").write_text("% a remark\n" + "\n".join(tunes), "utf-8")
    return folder


@pytest.fixture(scope="module")
def tunes(tunebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Tokens], list[Tokens]]:
    home = tmp_path_factory.mktemp("data")
    counted = dataset.build(tunebooks, home)
    learnt, held = dataset.load(home)
    assert counted == (len(learnt), len(held))
    listed = json.loads((home / dataset.SOURCES).read_text("utf-8"))
    assert {source["book"]: source["tunes"] for source in listed}["ryansMammoth"] == 41
    return learnt, held


def test_tunes_are_told_apart_in_any_key_and_held_out_whole(tunes: tuple[list[Tokens], list[Tokens]]) -> None:
    learnt, held = tunes
    assert len(learnt) + len(held) == 41  # one was there twice, two do not fit
    assert held
    assert not {tune.print for tune in learnt} & {tune.print for tune in held}
    assert {(tune.rhythm, tune.metre, tune.mode, tune.count) for tune in learnt} == {("jig", "6/8", "maj", 8)}


def test_a_list_says_what_is_held_out(tunebooks: Path, tmp_path: Path, tunes: tuple[list[Tokens], list[Tokens]]) -> None:
    wanted = [tune.print for tune in tunes[0][:3]]
    assert dataset.build(tunebooks, tmp_path, wanted) == (38, 3)
    assert {tune.print for tune in dataset.load(tmp_path)[1]} == set(wanted)


def test_a_gap_and_what_was_in_it_make_the_whole_tune(tunes: tuple[list[Tokens], list[Tokens]]) -> None:
    tune = tunes[0][0]
    for seed in range(20):
        shown = examples.infilled(tune, random.Random(seed))
        assert set(shown) <= set(VOCABULARY)
        gap, middle, end = (shown.index(mark) for mark in (GAP, MIDDLE, END))
        start = next(at for at, token in enumerate(shown) if token[0] in "n|")
        filled = shown[middle + 1 : end]
        assert [*shown[start:gap], *filled, *shown[gap + 2 : middle]] == list(tune.tokens)
        assert shown[gap + 1] == f"g{len(split(filled))}"
        assert shown[-1] == EOS


def test_rows_are_whole_examples_one_after_another(tunes: tuple[list[Tokens], list[Tokens]]) -> None:
    rows = examples.batch(examples.stream(tunes[0], random.Random(3)), 3, 40)
    assert rows.shape == (3, 41)
    assert (rows[:, 0] == IDS["<bos>"]).all()
    kinds = [
        examples.INFILLED,
        sum(IDS[GAP] in row for row, _ in zip(examples.stream(tunes[0], random.Random(3)), range(400), strict=False)) / 400,
    ]
    assert kinds[1] == pytest.approx(kinds[0], abs=0.08)


def test_it_learns_stops_and_goes_on_where_it_was(tunes: tuple[list[Tokens], list[Tokens]], tmp_path: Path) -> None:
    learnt, held = tunes
    machine = Machine.of("cpu", 1)
    training = Training(learnt, held, tmp_path, TINY, machine)
    first = training.validate()
    errors = [training.train_step().item() for _step in range(40)]
    assert sum(errors[-5:]) / 5 < errors[0] - 0.5
    assert training.validate() < first
    training.save()
    again = Training(learnt, held, tmp_path, TINY, machine)
    assert (again.step, again.best, again.history) == (40, training.best, training.history)
    for name in ("network", "average"):
        ours, theirs = getattr(training, name).state_dict(), getattr(again, name).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    kept = model.load(tmp_path / model.MODEL)
    assert model.validation(kept.eval(), held, machine) == pytest.approx(training.best, abs=0.02)  # it lies there in float16


def test_another_vocabulary_is_no_start(tmp_path: Path) -> None:
    (tmp_path / model.VOCABULARY_FILE).write_text('["<pad>"]')
    with pytest.raises(TrainingError, match="no model of tunes"):
        model.load(tmp_path)


def test_from_the_command_line_to_a_measured_folder(tunebooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("music21")
    monkeypatch.setattr(corpus, "folder", lambda: tunebooks)
    run, home, target = CliRunner(), tmp_path / "home", tmp_path / "house-music"
    missing = run.invoke(app, ["music", "model", "--folder", str(home)])
    assert missing.exit_code == 1
    assert run.invoke(app, ["music", "data", "--folder", str(home)]).exit_code == 0
    training = Training(*dataset.load(home / "data"), home / "training", replace(TINY, width=32), Machine.of("cpu", 1))
    training.validate()
    done = run.invoke(app, ["music", "export", "--folder", str(home), "--to", str(target), "--count", "3"])
    assert done.exit_code == 0, done.output
    figures = json.loads((target / "measurements.json").read_text("utf-8"))
    assert figures["readable_and_complete"]["value"] == 1  # by construction, whatever the weights
    assert figures["replacement"]["value"] == 1
    assert {"README.md", "known.safetensors", "sources.json", "samples.abc", "training.json"} <= {
        p.name for p in target.iterdir()
    }
    assert "public domain" in (target / "README.md").read_text("utf-8")


def test_a_tune_of_the_training_is_recognised_in_another_key(tunes: tuple[list[Tokens], list[Tokens]]) -> None:
    book = known_of(tunes[0])
    other = tune_of(replace(tunes[0][5], key="Bb", title="?"))
    found = book.longest(other)
    assert (found.title, found.bars) == (tunes[0][5].title, pytest.approx(8, abs=0.2))


def test_the_measure_sees_what_is_wrong() -> None:
    pytest.importorskip("music21")
    order = measure.orders(1)[0]
    bars = f"{order.key.tonic[0]}4|" * 3  # music21 makes no bars of fewer
    good = f"X:1\nM:{order.metre}\nL:1/4\nK:{order.key.name}\n{bars}{order.key.tonic[0]}4|]\n"
    assert order.metre == "4/4"
    assert measure.even(measure.parsed(good), "4/4")
    assert measure.as_asked(measure.parsed(good), order)
    short = good.replace("4|]", "2|]")
    assert not measure.even(measure.parsed(short), "4/4")
    assert measure.parsed("no tune at all") is None
    text = "X:1\nM:2/4\nL:1/4\nK:C\nd|cd|ef|ga|c2|]\n"
    assert measure.outside(text, {2}) == measure.outside(text.replace("ef", "a b"), {2})
    assert measure.outside(text, {2}) != measure.outside(text.replace("ga", "bb"), {2})
    assert measure.outside(text, {2}) == measure.outside(text.replace("ef", "(3:2:2c2d"), {2})
    assert [bar.number for bar in read_tune(text).bars] == [0, 1, 2, 3, 4]
    assert join_bars(split(["n1", "|", "n2"])) == ["n1", "|", "n2"]
