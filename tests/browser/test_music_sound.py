"""What the page plays is what the server renders: the same notes at the same times, chords and tempo included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from app.media.music.abc.abc import read_tune
from app.media.music.sound.performance import performed, quarters_a_minute
from tests.browser.conftest import Visit
from tests.running import Running

PERFORM = """async (text) => {
  const base = document.querySelector("#player").dataset.sounds.replace("sounds/", "js/music/");
  const { performed } = await import(`${base}performance.js`);
  const { parsed } = await import(`${base}engraver.js`);
  return performed(parsed(text)).notes.map(({ pitch, start, at }) => [pitch, start, at === null]);
}"""
JIG = 'X:1\nM:6/8\nL:1/8\n{tempo}K:D\n|:A|"D"dfe dBA|"G"BAF "A"A2F|ABA "Em"dfe|1 "D"d3 d2:|2 d3 d3|]\n'
REEL = 'X:1\nM:4/4\nL:1/8\n{tempo}K:Ador\n|:"Am"eAAB cBAG|EGGF "G"G2 AB|c2 (3Bcd e^f=ge|"Am"a>g e<c A4:|\n'
WALTZ = 'X:1\nM:3/4\nL:1/4\n{tempo}K:F\nC|"F"F2 A|"Bb"B>c d|"C7"e2 c|"F"f2|]\n'
TUNES = [
    JIG.format(tempo="Q:3/8=110\n"),
    JIG.format(tempo=""),
    REEL.format(tempo="Q:1/4=180\n"),
    REEL.format(tempo=""),
    WALTZ.format(tempo="Q:140\n"),
]
Heard = Sequence[tuple[int, float]]


def apart(ours: Heard, theirs: Heard) -> Counter[tuple[int, float]]:
    """Notes that only one of the two plays, to the hundredth of a second."""
    one, other = (Counter((pitch, round(start, 2)) for pitch, start in heard) for heard in (ours, theirs))
    return (one - other) + (other - one)


@pytest.mark.parametrize("text", TUNES)
def test_the_page_and_the_server_play_the_same_notes(studio: Running, visit: Visit, text: str) -> None:
    id = studio.work("Sound", studio.project("Sounds"), medium="music")
    page = visit(f"/works/{id}")
    theirs = page.evaluate(PERFORM, text)
    seconds = 240 / quarters_a_minute(read_tune(text).fields.get("Q", ""), read_tune(text).metre)
    for voice in (0, 1):
        ours = [
            (sound.pitch, float(sound.start) * seconds)
            for sound in performed(read_tune(text), chords=True)
            if sound.voice == voice and sound.duration
        ]
        heard = [(pitch, start) for pitch, start, chord in theirs if chord == bool(voice)]
        assert len(heard) > 5
        assert apart(ours, heard) == Counter()
