"""bin/words on a small house of its own: what it collects, keeps and complains about."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from app.settings import ROOT

TEMPLATE = """{% extends "base.html" %}{% block main %}
<p title="{{ _('Hello %(name)s', name=name) }}">
{% trans n=count %}One work{% pluralize %}{{ n }} works{% endtrans %}</p>
<kbd>Ctrl+Enter</kbd> {{ a }} / {{ b }} · Stemma
<button {% if a %}disabled{% endif %} class="act {% if b %}on{% endif %}">{{ _("Go") }}</button>
{% endblock %}
"""


class House:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.po = root / "locale/zh_Hans/LC_MESSAGES/stemma.po"
        for folder in ("bin", "app", "templates/works"):
            (root / folder).mkdir(parents=True)
        shutil.copy(ROOT / "bin/words", root / "bin/words")
        (root / "app/errors.py").write_text('title = _("Something went wrong.")\n')
        self.template = root / "templates/works/index.html"
        self.template.write_text(TEMPLATE)

    def words(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, self.root / "bin/words", *arguments], capture_output=True, text=True, check=False
        )

    def translate(self, **chinese: str) -> None:
        """Write translations in by their ids' first word; a plural's under its singular's."""
        with self.po.open("rb") as file:
            catalog = read_po(file)
        text = self.po.read_text("utf-8")
        for message in catalog:
            singular = message.id[0] if isinstance(message.id, tuple) else message.id
            if singular and (said := chinese.get(singular.split()[0])):
                head, tail = text.split(f'msgid "{singular}"\n', 1)
                text = head + f'msgid "{singular}"\n' + tail.replace('""\n', f'"{said}"\n', 1)
        self.po.write_text(text, "utf-8")


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    assert house.words().returncode == 0
    return house


def translated(house: House) -> House:
    house.translate(Something="出了点问题。", Hello="你好，%(name)s", One="%(n)s 件作品", Go="开始")
    return house


def test_a_translated_house_passes_and_its_file_stays_as_it_is(house: House) -> None:
    translated(house)
    before = house.po.read_bytes()
    assert house.words().returncode == 0
    assert house.po.read_bytes() == before
    check = house.words("--check")
    assert (check.returncode, check.stderr) == (0, "")


def test_every_untranslated_id_is_named(house: House) -> None:
    check = house.words("--check")
    assert check.returncode == 1
    for word in ("Something went wrong.", "Hello %(name)s", "%(n)s works", "Go"):
        assert f"untranslated: {word!r}" in check.stderr


def test_a_new_id_is_missing_until_it_is_collected(house: House) -> None:
    translated(house).template.write_text(TEMPLATE.replace('"Go"', '"Go on"'))
    check = house.words("--check")
    assert "missing: 'Go on'" in check.stderr
    assert "unused: 'Go'" in check.stderr


def test_a_translation_outlives_its_sentence(house: House) -> None:
    translated(house).template.write_text(TEMPLATE.replace('"Go"', '"Leave"'))
    house.words()
    house.template.write_text(TEMPLATE)
    house.words()
    assert house.words("--check").returncode == 0
    assert 'msgid "Go"\nmsgstr "开始"' in house.po.read_text("utf-8")


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("你好", "placeholders differ"),
        ("你好，%(nom)s", "placeholders differ"),
        ("你好，%(name)d", "placeholders differ"),
        ("<b>%(name)s</b>", "placeholders differ"),
    ],
)
def test_a_translation_that_would_break_the_page_is_refused(house: House, said: str, complaint: str) -> None:
    translated(house)
    house.po.write_text(house.po.read_text("utf-8").replace("你好，%(name)s", said), "utf-8")
    check = house.words("--check")
    assert check.returncode == 1
    assert complaint in check.stderr


def test_a_guess_is_not_a_translation(house: House) -> None:
    translated(house)
    house.po.write_text(house.po.read_text("utf-8").replace('msgid "Go"', '#, fuzzy\nmsgid "Go"'), "utf-8")
    assert "fuzzy: 'Go'" in house.words("--check").stderr


@pytest.mark.parametrize("markup", ["<p>Not marked</p>", '<img alt="A picture">', '<input placeholder="Your name {{ x }}">'])
def test_a_sentence_outside_gettext_is_found(house: House, markup: str) -> None:
    translated(house).template.write_text(TEMPLATE + markup)
    check = house.words("--check")
    assert check.returncode == 1
    assert "outside gettext" in check.stderr


def test_a_partial_of_attributes_is_read_as_attributes(house: House) -> None:
    translated(house)
    partial = house.root / "templates/works/_strings.html"
    partial.write_text("""data-go="{{ _('Go') }}" data-name=\"\"""")
    assert house.words("--check").returncode == 0
    partial.write_text('aria-label="Not marked" data-name=""')
    assert "outside gettext: 'Not marked'" in house.words("--check").stderr


def test_a_broken_template_is_not_passed_over(house: House) -> None:
    translated(house).template.write_text("{% if %}")
    assert house.words("--check").returncode == 1
