"""What a score holds comes in and goes out again, or it is said that it does not."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.gate import UNREADABLE
from app.media.music.abc.abc import read_tune
from app.media.music.abc.lyrics import syllables
from app.media.music.files import reading_midi, reading_musicxml
from app.media.music.files.musicxml import musicxml
from app.media.music.files.notating import Imported, tunes
from app.media.music.files.partwise_notes import SIGNS
from app.media.music.files.partwise_told import (
    KNOWN,
    NO_CHORDS,
    NO_CREDITS,
    NO_CUES,
    NO_GRACES,
    NO_HEADS,
    NO_KEY,
    NO_METRE,
    NO_OTHERS,
    NO_SIGNS,
    NO_TABLATURE,
    NO_TIMES,
    NO_VERSES,
)

CASES = Path(__file__).parents[2] / "cases"
read_midi, read_musicxml = reading_midi.read_midi.here, reading_musicxml.read_musicxml.here
HARMONY = "<harmony><root><root-step>C</root-step></root>{}</harmony>"
GRACE = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
HEAD = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"


def case(name: str) -> str:
    """A file of ABC."""
    return (CASES / name).read_text("utf-8")


def score(measures: str, attributes: str = "", head: str = "") -> Imported:
    """What is read of these measures."""
    first = f"<attributes><divisions>2</divisions><key><fifths>0</fifths></key>{attributes}</attributes>"
    body = measures.replace("<measure>", f"<measure>{first}", 1)
    return read_musicxml(f"<score-partwise>{head}<part id='P1'>{body}</part></score-partwise>".encode())[0]


def note(step: str, octave: int = 4, inside: str = "", alter: str = "") -> str:
    """A quarter note."""
    altered = f"<alter>{alter}</alter>" if alter else ""
    pitch = f"<pitch><step>{step}</step>{altered}<octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>2</duration>{inside}</note>"


def pitches(found: Imported) -> list[int]:
    """As MIDI numbers."""
    return [one.top.midi for one in read_tune(found.text).sounding]


@pytest.mark.parametrize("name", ["53-abc-two-voices/voices.abc", "53-abc-two-voices/interleaved.abc"])
def test_that_one_voice_is_heard_is_told(name: str) -> None:
    [found] = tunes(case(name))
    assert ["only the first is heard" in said for said in found.simplified] == [True]
    assert tunes(HEAD + "[V:1]CDEF|\n[V:1]GABc|\n")[0].simplified == []


@pytest.mark.parametrize(
    ("bars", "said"),
    [
        ("(CD)EF|", "slurs"),
        ("(3CDE (F2G2)|", "slurs"),
        ("!crescendo(!CD!crescendo)!EF|", "rare signs"),
        ("^/C D _3/2E F|", "quarter tones"),
        ("CD & EF|", "second voices within"),
    ],
)
def test_what_of_abc_is_drawn_and_no_more_is_told(bars: str, said: str) -> None:
    assert [one for one in tunes(HEAD + bars + "\n")[0].simplified if said in one]


@pytest.mark.parametrize("bars", ["(3CDE F|", '"(x)"C "A&B"D|w:', ".C !trill!D !accent!E uF|% (&", "[K:D]C|\nw:(a) & b"])
def test_what_only_looks_like_such_is_not_told(bars: str) -> None:
    assert tunes(HEAD + bars + "\n")[0].simplified == []


def test_words_go_out_and_come_back() -> None:
    first = read_tune(case("54-lyrics-lost/lyrics.abc"))
    data = musicxml(first)
    notes = ET.fromstring(data).iter("note")  # noqa: S314 (made here)
    said = [[lyric.findtext("text") for lyric in one.findall("lyric")] for one in notes]
    assert said == [["one", "eins"], ["two", "zwei"], ["three", "drei"], ["four", "vier"], ["five", "fünf"], ["six", "sechs"]]
    back = read_tune(read_musicxml(data)[0].text)
    assert [one.lyrics for one in back.notes] == [one.lyrics for one in first.notes]


@pytest.mark.parametrize(
    ("words", "sung"),
    [
        ("Hal-le-lu-ja", ["Hal-", "le-", "lu-", "ja"]),
        ("A_ men *", ["A", "_", "men", "*"]),
        ("of~the day", ["of the", "day"]),
        ("one | two", ["one", "|", "two"]),
        ("well\\-known", ["well‐known"]),
        ("a--b", ["a-", "b"]),
        ("", []),
    ],
)
def test_a_line_of_words_is_read_as_syllables(words: str, sung: list[str]) -> None:
    assert syllables(words) == sung


def test_words_hold_over_notes_and_wait_for_their_bar() -> None:
    tune = read_tune(HEAD + "CDEF|GABc|\nw:A_ men | oh * well-known\n")
    assert [one.lyrics[0] if one.lyrics else "" for one in tune.notes] == ["A", "_", "men", "", "oh", "", "well-", "known"]
    back = read_tune(read_musicxml(musicxml(tune))[0].text)
    assert [one.lyrics[0] if one.lyrics else "" for one in back.notes] == ["A", "", "men", "", "oh", "", "well-", "known"]


def test_a_transposing_instrument_is_written_as_it_sounds_and_that_is_told() -> None:
    found, _recipe = read_musicxml((CASES / "56-musicxml-transposing/bb-trumpet.musicxml").read_bytes())
    assert (pitches(found), read_tune(found.text).key.name) == ([70, 72, 74, 75], "Bb")
    assert ["transposing" in said for said in found.simplified] == [True]
    harmony = "<harmony><root><root-step>A</root-step></root><kind>minor</kind></harmony>"
    notes = "<measure>" + harmony + note("C") + "</measure>"
    horn = score(notes, "<transpose><diatonic>-4</diatonic><chromatic>-7</chromatic></transpose>")
    assert (pitches(horn), read_tune(horn.text).key.name, next(read_tune(horn.text).notes).chord) == ([53], "F", "Dm")
    guitar = score(notes, "<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>")
    assert (pitches(guitar), read_tune(guitar.text).key.name) == ([48], "C")
    alto = score(notes, "<transpose><chromatic>-9</chromatic></transpose>")
    assert (pitches(alto), read_tune(alto.text).key.name) == ([51], "Eb")


def test_a_bar_that_a_sign_plays_again_is_written_out() -> None:
    again = "<attributes><measure-style><measure-repeat type='start'>1</measure-repeat></measure-style></attributes>"
    ends = "<attributes><measure-style><measure-repeat type='stop'/></measure-style></attributes>"
    rest = "<note><rest/><duration>4</duration></note>"
    first = "<measure>" + note("C") + note("D") + "</measure>"
    found = score(f"{first}<measure>{again}{rest}</measure><measure>{rest}</measure><measure>{ends}{note('E')}</measure>")
    assert pitches(found) == [60, 62, 60, 62, 60, 62, 64]
    assert ["written out" in said for said in found.simplified] == [True]


def test_signs_of_playing_come_in_and_go_out() -> None:
    for element, signs in SIGNS.items():
        for sign in signs:
            tune = read_tune(f"{HEAD}{sign}CDEF|\n")
            assert not tune.faults, sign
            data = musicxml(tune)
            assert f"<{element} />".encode() in data
            found = read_musicxml(data)[0]
            assert (next(read_tune(found.text).notes).decorations, found.simplified) == ((signs[0],), [])


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        (note("C", alter="0.5"), "Quarter tones"),
        (note("C", inside="<notations><slur type='start'/></notations>"), "Slurs"),
        (note("C") + "<direction><direction-type><dynamics><p/></dynamics></direction-type></direction>", "above the staff"),
        (note("C") + "<direction><sound tempo='90'/></direction><direction><sound tempo='60'/></direction>", "tempo"),
        (note("C") + "<note><unpitched/><duration>2</duration></note>", "without a pitch"),
        (note("C") + "<backup><duration>2</duration></backup>" + note("E", inside="<voice>2</voice>"), "one voice"),
        (note("C") + note("E", inside="<cue/>"), NO_CUES),
        (note("C", inside="<notehead>x</notehead>"), NO_HEADS),
        (note("C", inside="<lyric><humming/></lyric>"), NO_OTHERS),
        ("<attributes><key><key-step>F</key-step><key-alter>1</key-alter></key></attributes>" + note("C"), NO_KEY),
        ("<attributes><clef><sign>TAB</sign></clef></attributes>" + note("C"), NO_TABLATURE),
        ("<barline><segno/></barline>" + note("C"), NO_SIGNS),
        (note("C") + "<barline><repeat direction='backward' times='3'/></barline>", NO_TIMES),
        ("<sound dacapo='yes'/>" + note("C"), NO_SIGNS),
        (GRACE * 9 + note("C"), NO_GRACES),
        (note("C", inside="".join(f"<lyric number='{at}'><text>la</text></lyric>" for at in range(1, 30))), NO_VERSES),
        (HARMONY.format("<kind>major</kind><degree/>") + note("C"), NO_CHORDS),
        (HARMONY.format("<kind>Tristan</kind>") + note("C"), NO_CHORDS),
        (note("C") + "<figured-bass/>", NO_OTHERS),
    ],
)
def test_what_does_not_come_in_is_told(measures: str, said: str) -> None:
    found = score(f"<measure>{measures}</measure>")
    assert [one for one in found.simplified if said in one]


@pytest.mark.parametrize("holder", [*KNOWN])
def test_an_element_that_nobody_knows_is_told(holder: str) -> None:
    within = {
        "measure": "{}",
        "note": note("C", inside="{}"),
        "lyric": note("C", inside="<lyric><text>a</text>{}</lyric>"),
        "harmony": HARMONY.format("<kind>major</kind>{}"),
    }.get(holder, f"<{holder}>{{}}</{holder}>")
    for element, said in (("<made-up/>", [NO_OTHERS]), ("", [])):
        assert score(f"<measure>{within.format(element)}{note('D')}</measure>").simplified == said


@pytest.mark.parametrize(
    ("time", "metre"),
    [
        ("<beats>3+2</beats><beat-type>8</beat-type>", "5/8"),
        ("<beats>2</beats><beat-type>4</beat-type><beats>3</beats><beat-type>8</beat-type>", "7/8"),
    ],
)
def test_a_metre_of_several_parts_is_their_sum(time: str, metre: str) -> None:
    found = score("<measure>" + note("C") + "</measure>", f"<time>{time}</time>")
    assert (str(read_tune(found.text).metre), found.simplified) == (metre, [NO_METRE])


@pytest.mark.parametrize(
    ("inside", "symbol"),
    [
        ("<kind text='7sus'>suspended-fourth</kind>", "Csus4"),
        ("<kind>half-diminished</kind>", "Cm7b5"),
        ("<kind>major</kind><bass><bass-step>E</bass-step></bass>", "C/E"),
        ("<kind>minor</kind><bass><bass-step>E</bass-step><bass-alter>-1</bass-alter></bass>", "Cm/Eb"),
    ],
)
def test_chord_symbols_keep_their_kind_and_bass(inside: str, symbol: str) -> None:
    found = score("<measure>" + HARMONY.format(inside) + note("C") + "</measure>")
    assert (next(read_tune(found.text).notes).chord, found.simplified) == (symbol, [])


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("<identification><creator type='lyricist'>Ann</creator></identification>", [NO_CREDITS]),
        ("<identification><rights>1899</rights></identification>", [NO_CREDITS]),
        ("<work><work-title>A</work-title></work><credit><credit-words>for two</credit-words></credit>", [NO_CREDITS]),
        ("<work><work-title>A Song</work-title></work><credit><credit-words> a  song</credit-words></credit>", []),
        ("<identification><encoding><software>x</software></encoding></identification>", []),
    ],
)
def test_words_around_a_score_are_kept_or_told(head: str, said: list[str]) -> None:
    assert score("<measure>" + note("C") + "</measure>", head=head).simplified == said


def test_ties_end_where_they_begin() -> None:
    for text in (case("58-musicxml-ties/ties.abc"), HEAD + "[CE]-[CG] C4-|C6-|C|\n", HEAD + "C-D z E|\n"):
        data = musicxml(read_tune(text))
        notes = list(ET.fromstring(data).iter("note"))  # noqa: S314 (made here)
        for name in ("tie", "notations/tied"):
            begun: set[str] = set()
            for one in notes:
                pitch = ET.tostring(one.find("pitch"), "unicode") if one.find("pitch") is not None else ""  # type: ignore[arg-type]  # it is there
                kinds = {tie.get("type") for tie in one.findall(name)}
                assert ("stop" in kinds) <= (pitch in begun)
                begun = (begun - {pitch} if "stop" in kinds else begun) | ({pitch} if "start" in kinds else set())
    assert musicxml(read_tune(case("58-musicxml-ties/ties.abc"))).count(b'<tie type="stop" />') == 1


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (r"\AA Jenta \aa ja", "Å Jenta å ja"),
        (r"Bl\'a \"o se\~nor &eacute;", "Blá ö señor é"),
        (r"\/O \ss \ae \OE \cc \vs \HO \=a \u00e5", "Ø ß æ Œ ç š Ő ā å"),
        (r"50\% \& co \x", r"50\% \& co \x"),
        ("AT&T; &nbsp;", "AT&T; \u00a0".replace("\u00a0", "&nbsp;")),
    ],
)
def test_old_accents_become_letters(field: str, said: str) -> None:
    [found] = tunes(f"X:1\nT:{field}\nK:C\nCDE|\n")
    assert f"T:{said}\n" in found.text
    assert "CDE|" in found.text


def test_titles_are_read_as_their_files_meant_them() -> None:
    folder = CASES / "52-midi-title-unsavable"
    titles = [read_tune(read_midi((folder / name).read_bytes(), "x").text).title for name in ("gbk.mid", "sjis.mid")]
    assert titles == ["小星星", "きらきら星"]
    assert read_tune(read_musicxml((folder / "title-u0092.musicxml").read_bytes())[0].text).title == "It’s a waltz"
    for char in "\x7f\x80\x81\x9f\u0085":
        sung = f"<lyric><text>a{char}b</text></lyric>"
        maker = f"<identification><creator type='composer'>c{char}d</creator></identification>"
        head = f"<work><work-title>a{char}b</work-title></work>{maker}"
        assert not UNREADABLE.search(
            score("<measure>" + note("C", inside=sung) + "</measure>", head=head).text.replace("\n", "")
        )
