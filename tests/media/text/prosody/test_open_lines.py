"""What is not written yet is open and not wrong; what is too much does not hold."""

from __future__ import annotations

import pytest

from app.media.text.prosody.check import check_form
from app.media.text.prosody.presets import preset

QUATRAIN = "白日依山尽，\n黄河入海流。\n欲穷千里目，\n更上一层楼。"


@pytest.mark.parametrize("written", [1, 2, 3])
def test_lines_that_are_not_written_yet_are_open(written: int) -> None:
    report = check_form(preset("wujue"), "\n".join(QUATRAIN.split("\n")[:written]))
    assert [finding.line for finding in report.findings if finding.open and finding.line] == list(range(written + 1, 5))
    assert not any(finding.holds is False and not finding.open for finding in report.findings)


def test_nothing_of_a_whole_text_is_open() -> None:
    report = check_form(preset("wujue"), QUATRAIN)
    assert report.holds
    assert not any(finding.open for finding in report.findings)


@pytest.mark.parametrize("more", ["白日依山尽，", "更上一层楼。\n更上一层楼。", "x"])
def test_of_a_line_too_many_nothing_holds(more: str) -> None:
    report = check_form(preset("wujue"), f"{QUATRAIN}\n{more}")
    assert not report.holds
    assert len(report.lines) > 4
    for number, line in enumerate(report.lines[4:], 5):
        assert [finding.said() for finding in line.findings] == [f"Line {number} is more than the form has."]
        assert not any(finding.holds or finding.open for finding in line.findings)
