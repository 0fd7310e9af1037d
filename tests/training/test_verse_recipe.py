"""The verse recipe on a package of a dozen invented poems: data, model, measures, card; its own way through the Llama."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from app.engines.text.verse_form import VerseForm
from app.training import checkpoint
from app.training.faults import TrainingError
from app.training.run import Machine
from app.training.verse import export, measure, model, network, poems, samples
from app.training.verse.examples import Examples
from app.training.verse.shapes import SHAPES

# Level rhymes and alternating tones, so that the poems count as regular; traditional characters, so that they are turned.
QUATRAINS = (
    ("秋風", "秋風吹渭水，落葉滿長安。", "明月千山白，孤舟一夜寒。"),
    ("春山", "春山多勝事，賞玩夜忘歸。", "掬水月在手，弄花香滿衣。"),
    ("雪", "千山鳥飛絕，萬徑人蹤滅。", "孤舟蓑笠翁，獨釣寒江雪。"),
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "dist/quantangshi").mkdir(parents=True)
    (folder / "dist/songci").mkdir(parents=True)
    listed = [{"title": title, "paragraphs": list(couplets)} for title, *couplets in QUATRAINS]
    twice = [*listed, listed[0], {"title": "句", "paragraphs": ["滿城風雨近重陽。"]}]
    (folder / "dist/quantangshi/poet.tang.0.json").write_text(json.dumps(twice), "utf-8")
    (folder / "dist/quantangshi/poet.song.0.json").write_text("[]", "utf-8")
    song = {"rhythmic": "浣溪沙", "paragraphs": ["一曲新词酒一杯。", "去年天气旧亭台。", "夕阳西下几时回。"]}
    song["paragraphs"] += ["无可奈何花落去，似曾相识燕归来。", "小园香径独徘徊。"]  # type: ignore[operator]  # a list
    other = song | {"rhythmic": "木兰花"}
    (folder / "dist/songci/ci.song.0.json").write_text(json.dumps([song, other]), "utf-8")
    return folder


def training(folder: Path, known: list[poems.Poem], minutes: float) -> model.Training:
    words = network.words_of([poem for poem in known for _again in range(30)])  # each character often enough
    examples = Examples(known, words)
    examples.poems = examples.poems or known
    settings = model.Settings(minutes=minutes, tokens=128, measured=4)
    return model.Training(examples, folder, settings, Machine.of("cpu", 1), network.fresh(words, 64, 2, 2))


def test_poems_of_the_forms_are_kept_once_and_simplified(package: Path, tmp_path: Path) -> None:
    assert poems.build(package, tmp_path / "data") == 4
    found = poems.load(tmp_path / "data")
    assert [poem.shape for poem in found] == ["五绝", "五绝", "五绝", "浣溪沙"]
    assert found[0].lines == ("秋风吹渭水", "落叶满长安", "明月千山白", "孤舟一夜寒")
    assert found[0].weight > found[2].weight  # 绝, 灭 and 雪 are no level rhyme
    assert poems.build(package, tmp_path / "data") == 4
    with pytest.raises(TrainingError, match="step `data`"):
        poems.load(tmp_path)


def test_keywords_stand_in_their_poem_and_batches_have_no_padding(package: Path, tmp_path: Path) -> None:
    poems.build(package, tmp_path / "data")
    known = poems.load(tmp_path / "data")
    examples = Examples(known, network.words_of(known * 30))
    dice = random.Random(1)
    for _time in range(50):
        poem = dice.choice(known)
        assert all(word in "".join(poem.lines) for word in examples.keywords(poem, dice))
    examples.poems = known
    batch = next(examples.batches(256, dice))
    words = list(examples.index)
    for row, begins in zip(batch.ids.tolist(), batch.begins.tolist(), strict=True):
        assert words[row[0]] in {shape.mark for shape in SHAPES.values()}
        assert words[row[begins - 1]] == "<诗>"
        assert words[row[-1]] == "<eos>"
        assert "<pad>" not in {words[id] for id in row}


def test_the_quick_way_is_transformers_own(package: Path, tmp_path: Path) -> None:
    poems.build(package, tmp_path / "data")
    words = network.words_of(poems.load(tmp_path / "data") * 30)
    llama = network.fresh(words, 64, 2, 2)
    ids, begins = torch.randint(12, len(words), (3, 20)), torch.tensor([4, 6, 9])
    logits = llama(input_ids=ids).logits[:, :-1]
    own = torch.arange(1, 20)[None, :] >= begins[:, None]
    expected: Any = torch.nn.functional.cross_entropy(logits[own], ids[:, 1:][own])
    expected.backward()
    slopes = {name: parameter.grad.clone() for name, parameter in llama.named_parameters()}
    llama.zero_grad()
    error: Any = network.error(llama, ids, begins, torch.float32)
    error.backward()
    assert error.item() == pytest.approx(expected.item(), abs=1e-5)
    for name, parameter in llama.named_parameters():
        torch.testing.assert_close(parameter.grad, slopes[name], atol=1e-5, rtol=1e-3)


def test_it_learns_and_goes_on_where_it_stopped(package: Path, tmp_path: Path) -> None:
    poems.build(package, tmp_path / "data")
    known = poems.load(tmp_path / "data")
    first = training(tmp_path / "model", known, 10)
    errors = [first.train_step().item() for _step in range(150)]
    assert errors[-1] < 0.7 * errors[0]
    first.save()
    (tmp_path / "model" / f"checkpoint-{999:09d}.safetensors").write_bytes(b"half")  # a power cut while writing
    again = training(tmp_path / "model", known, 10)
    assert (again.step, again.seen) == (150, first.seen)
    assert again.train_step().item() < 0.8 * errors[0]
    assert checkpoint.load(tmp_path / "model") is not None


def test_marks_that_a_model_lacks_are_added_behind(package: Path, tmp_path: Path) -> None:
    words = ["<pad>", "<eos>", "<五绝>", "<题>", "<词>", "<诗>", "，", "。", "秋"]
    network.save(network.fresh(words, 64, 2, 2), words, tmp_path / "old")
    grown = network.vocabulary(tmp_path / "old")
    assert grown[: len(words)] == words
    assert set(grown[len(words) :]) == {shape.mark for shape in SHAPES.values()} - {"<五绝>"}
    llama = network.grown(tmp_path / "old", grown)
    assert llama.get_input_embeddings().weight.shape[0] == len(grown) == llama.config.vocab_size


def test_the_exported_folder_is_measured_and_carded(package: Path, tmp_path: Path) -> None:
    """On a tiny random model: the figures are poor, but each is there and the form holds all the same."""
    poems.build(package, tmp_path / "data")
    common = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光"
    common += "山花雪风江柳中钟东红空同春新真人尘亲年前边千间还闲关流楼舟愁头游心"
    common += "深林阴音时知迟期归飞微衣多何歌河家花斜明故白孤酒梅雁梦松"
    common += "上下大小有不无一二去远近古老少好病醉见望问到入落暮晚事路树竹月色影水火草木叶石土客主父母我自此是可与万里"
    words = ["<pad>", "<eos>", *(s.mark for s in SHAPES.values()), "<题>", "<词>", "<诗>", "，", "。", *dict.fromkeys(common)]
    folder = tmp_path / "model" / "model"
    network.save(network.fresh(words, 64, 2, 2), words, folder)
    facts = {"spent": 60.0, "tokens": 1000, "steps": 10, "held_out_error": 5.0, "settings": {"measured": 4, "tokens": 64}}
    checkpoint.write(folder / "training.json", json.dumps(facts).encode())
    figures = export.export(tmp_path / "house", tmp_path, count=8, said=lambda _text: None)
    assert {figures[f"{name}_held"]["value"] for name in ("lines", "rhyme", "tones", "punctuation")} == {1.0}
    assert set(figures) >= {
        "held_out_error",
        "keyword_named",
        "keyword_named_by_the_model_alone",
        "seasons",
        "lines_in_the_corpus",
    }
    card = (tmp_path / "house/README.md").read_text("utf-8")
    assert "chinese-poetry, © 2016 JackeyGao, MIT" in card
    assert len((tmp_path / "house/samples.md").read_text("utf-8").split("：")) == 41
    assert "_name_or_path" not in (tmp_path / "house/config.json").read_text("utf-8")
    with pytest.raises(TrainingError, match="step `model`"):
        export.export(tmp_path / "other", tmp_path / "empty", said=lambda _text: None)


def test_a_copied_line_is_seen() -> None:
    known = [poems.Poem("五绝", "", ("秋风吹渭水", "落叶满长安", "明月千山白", "孤舟一夜寒"), 1.0)]
    found = [measure.SampledPoem(VerseForm.WUJUE, "秋", "秋风吹渭水，明月照空山。\n此夜人何在，孤舟一夜寒。")]
    assert measure.novelty(found, known)["lines_in_the_corpus"]["value"] == 0.5


def test_a_look_on_the_way_has_each_forms_lines(package: Path, tmp_path: Path) -> None:
    poems.build(package, tmp_path / "data")
    words = network.words_of(poems.load(tmp_path / "data") * 30)
    written = samples.poem(network.fresh(words, 64, 2, 2), words, SHAPES["浣溪沙"], ["酒"], 0)
    assert [len(part) for part in written.replace("。", "，").split("，")] == [7] * 6 + [0]
