"""The editor of the writing room: it keeps who wrote every word, counts as the server counts, and loses nothing."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from tests.browser.conftest import Visit, open_windows
from tests.browser.window import PATIENCE, Windows, button, saved, until
from tests.running import Running

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
FAMILY = "👨‍👩‍👧‍👦"
POEM = "微风拂面过东楼,\n月满空庭夜未收。\n"
NASTY = [
    "",
    "plain",
    "one\r\ntwo\rthree\n",
    f"{FAMILY}{FAMILY} and 😀",
    "🇨🇳🇩🇪 flags, 👍🏽 skin, 1️⃣ caps",
    "e\u0301 a\u030a\u0323 Z\u0351\u036b\u0343",  # combining, not normalised
    "שלום עולם\nمرحبا بالعالم and English",
    "\u202eright to left\u202c \u200bzero\u200d width \ufeff",
    "𠮷野家で𩸽 𝒜𝓁𝓅𝒽𝒶",
    "lone \ud83d and \ude00 apart",
    "NUL \x00 bell \x07 escape \x1b delete \x7f next \x85 tab \t",
    "</script><b>not markup</b>&amp;",
    "\u2028 line and \u2029 paragraph separators",
    "\n\n\n",
    " \u3000全角　spaces\u00a0",
]
# What a page with CodeMirror in it can be asked.
EDITOR = "document.querySelector('#editor').editor"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A studio without a worker: writing needs none."""
    running = Running(tmp_path_factory.mktemp("room"), {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"})
    running.start("serve")
    yield running
    running.stop()


@pytest.fixture
def windows(chromium: Browser, room: Running) -> Iterator[tuple[Windows, Visit]]:
    """What watches the windows on that studio, and what opens one."""
    yield from open_windows(chromium, room)


@pytest.fixture
def visit(windows: tuple[Windows, Visit]) -> Visit:
    """Open an address of the studio."""
    return windows[1]


def text_work(room: Running, text: str = "", *origins: tuple[int, int, str]) -> str:
    """A new text's address, with that much written."""
    body = {"title": "Autumn", "medium": "text"}
    work = room.http.post(f"/projects/{room.project()}/works", json=body).raise_for_status().json()["id"]
    if text:
        spans = [{"start": start, "end": end, "by": by} for start, end, by in origins]
        draft = {"version": 1, "text": text} | ({"origins": spans} if spans else {})
        room.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    return f"/works/{work}"


def box(page: Page) -> Locator:
    """The text, ready to be written in."""
    found = page.get_by_role("textbox", name="Text", exact=True)
    expect(found).to_be_visible()
    return found


def ask(page: Page, what: str, argument: Any = None) -> Any:
    """What the editor says: an expression on `ed`, with `x` as its argument."""
    return page.evaluate(f"(x) => {{ const ed = {EDITOR}; return {what}; }}", argument)


def ink(page: Page) -> list[list[Any]]:
    """Who wrote what, as [start, end, by] in code points."""
    return list(ask(page, "ed.origins.map(({ start, end, by }) => [start, end, by])"))


def draft(page: Page) -> dict[str, Any]:
    """What the server has."""
    return dict(page.request.get(f"{page.url.split('#')[0]}/draft").json())


def held(page: Page, text: str) -> dict[str, Any]:
    """The draft when the server has `text`."""
    until(page, lambda: draft(page)["text"] == text, f"the save of {text[:80]!r}")
    return draft(page)


def drawn(page: Page, kind: str) -> list[str]:
    """The words drawn in an ink."""
    return page.locator(f"#editor .ink-{kind}").all_inner_texts()


def composing(page: Page) -> CDPSession:
    """An input method."""
    return page.context.new_cdp_session(page)


def test_what_is_typed_into_an_engines_line_is_the_artists(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, POEM, (0, 9, "hand"), (9, 18, "engine")))
    box(page)
    assert drawn(page, "engine") == ["月满空庭夜未收。"]
    ask(page, "ed.select(14, 16), ed.focus()")
    page.keyboard.insert_text("AB")
    assert ink(page) == [[0, 9, "hand"], [9, 14, "engine"], [14, 16, "hand"], [16, 18, "engine"]]
    assert drawn(page, "changed") == ["AB"]
    before = ink(page)
    page.keyboard.press("Control+Z")
    assert ask(page, "ed.text") == POEM
    assert ink(page) == [[0, 9, "hand"], [9, 18, "engine"]]
    page.keyboard.press("Control+Y")
    assert ink(page) == before
    ask(page, "ed.select(16)")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    assert ink(page) == [[0, 9, "hand"], [9, 16, "engine"]], "deleting merges"
    saved(page)
    until(page, lambda: draft(page)["text"] == ask(page, "ed.text"), "the save")
    assert [list(span.values()) for span in draft(page)["origins"]] == ink(page)


def test_an_input_method_writes_by_hand_in_the_midst_of_an_engines_words(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, POEM, (0, 18, "engine")))
    box(page)
    ask(page, "ed.select(4), ed.focus()")
    keyboard = composing(page)
    for typed in ("q", "qi", "qiu"):
        keyboard.send("Input.imeSetComposition", {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)})
    until(page, lambda: "qiu" in (draft(page)["text"] or ""), "the autosave in the middle of a composition")
    keyboard.send("Input.insertText", {"text": "秋"})
    assert ask(page, "ed.text") == POEM[:4] + "秋" + POEM[4:]
    assert ink(page) == [[0, 4, "engine"], [4, 5, "hand"], [5, 19, "engine"]]
    assert ask(page, "ed.cursor") == 5
    page.keyboard.press("Control+Z")
    if ask(page, "ed.text") != POEM:  # on a loaded machine what was composed and what came of it are two steps
        page.keyboard.press("Control+Z")
    assert ask(page, "ed.text") == POEM
    assert ink(page) == [[0, 18, "engine"]]


def test_words_cut_from_the_text_keep_their_origin_and_foreign_ones_are_pasted(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, POEM, (0, 9, "hand"), (9, 18, "engine")), **CLIPBOARD)
    box(page)
    ask(page, "ed.select(6, 12), ed.focus()")
    page.keyboard.press("Control+X")
    assert ask(page, "ed.text") == POEM[:6] + POEM[12:]
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+V")
    assert ask(page, "ed.text") == POEM[:6] + POEM[12:] + POEM[6:12]
    moved = [[0, 6, "hand"], [6, 12, "engine"], [12, 15, "hand"], [15, 18, "engine"]]
    assert ink(page) == moved
    page.evaluate("navigator.clipboard.writeText('from\\r\\nelsewhere')")
    page.keyboard.press("Control+V")
    assert ask(page, "ed.text").endswith("from\nelsewhere")
    assert ink(page) == [*moved, [18, 32, "paste"]]
    expect(page.get_by_role("list", name="Who wrote it")).to_contain_text("Pasted 45")


def test_dragging_takes_the_origin_along(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, "mine\nof the model\nend", (0, 5, "hand"), (5, 17, "engine"), (17, 21, "hand")))
    box(page)
    ask(page, "ed.select(5, 17), ed.focus()")
    line = page.locator("#editor .cm-line")
    start, end = line.nth(1).bounding_box(), line.nth(2).bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 30, start["y"] + start["height"] / 2)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(start["x"] + 30, start["y"] + start["height"] / 2 + (end["y"] - start["y"]) * step / 5)
    page.mouse.move(end["x"] + 300, end["y"] + end["height"] / 2)
    page.mouse.up()
    until(page, lambda: ask(page, "ed.text") == "mine\n\nendof the model", "the drop")
    assert ink(page) == [[0, 9, "hand"], [9, 21, "engine"]]


# A naive text, one entry a code point, beside the editor: random edits by random authors, undone and done again.
RANDOM = """(async () => {
  let seed = x;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648, Math.floor(seed / 65536) % below);
  const pick = (list) => list[random(list.length)];
  const words = ["a", "语", "😀", "e\\u0301", "שלום", "\\n", "𠮷野", "two words", "👨‍👩‍👧‍👦", ""];
  const authors = ["hand", "engine", "paste", "import"];
  let state = [];
  const past = [], coming = [];
  const spans = () => state.reduce((found, [, by], at) => {
    if (found.at(-1)?.by === by) found.at(-1).end = at + 1;
    else found.push({ start: at, end: at + 1, by });
    return found;
  }, []);
  for (let step = 0; step < 400; step++) {
    const choice = random(10);
    if (choice === 0 && past.length) { ed.undo(); coming.push(state); state = past.pop(); }
    else if (choice === 1 && coming.length) { ed.redo(); past.push(state); state = coming.pop(); }
    else {
      const start = random(state.length + 1), end = Math.min(state.length, start + random(6));
      const insert = Array.from({ length: random(3) }, () => pick(words)).join(""), by = pick(authors);
      if (start === end && !insert) continue;
      past.push(state); coming.length = 0;
      const put = [...insert].map((one) => [one, by]);
      if (choice === 2) {
        const whole = [...state.slice(0, start), ...put, ...state.slice(end)];
        state = whole;
        ed.set(whole.map(([one]) => one).join(""), spans());
      } else {
        state = [...state.slice(0, start), ...put, ...state.slice(end)];
        ed.replace(start, end, insert, by);
      }
    }
    const text = state.map(([one]) => one).join("");
    if (ed.text !== text) return `text at ${step}: ${ed.text} for ${text}`;
    if (ed.length !== state.length) return `length at ${step}`;
    const [found, wanted] = [ed.origins, spans()].map((one) => JSON.stringify(one));
    if (found !== wanted) return `origins at ${step}: ${found} for ${wanted}`;
    const at = random(state.length + 1);
    ed.select(at);
    if (ed.cursor !== at) return `cursor at ${step}`;
  }
  return "same";
})()"""


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_random_edits_keep_every_origin(room: Running, visit: Visit, seed: int) -> None:
    page = visit(text_work(room))
    box(page)
    assert ask(page, RANDOM, seed) == "same"


def kept(text: str) -> str:
    """The text as anybody here keeps it: line ends as one, no controls, halves of characters replaced."""
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", re.sub(r"\r\n?", "\n", text))
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


def test_browser_and_server_count_alike(room: Running, visit: Visit) -> None:
    page = visit(text_work(room))
    box(page)
    for nasty in NASTY:
        ask(page, "ed.set('', []), 0")
        # JSON carries a lone surrogate to the page, where it is what a broken program would paste
        ask(page, "ed.replace(0, 0, JSON.parse(x), 'paste')", "".join(_escaped(nasty)))
        wanted = kept(nasty)
        assert ask(page, "ed.text") == wanted
        assert ask(page, "ed.length") == len(wanted)
        middle = len(wanted) // 2
        ask(page, "ed.replace(x, x, '✍︎', 'hand')", middle)
        ask(page, "ed.select(...x)", [middle, len(wanted) + 2])
        assert ask(page, "ed.selection") == [middle, len(wanted) + 2]
        wanted = wanted[:middle] + "✍︎" + wanted[middle:]
        told = held(page, wanted)["origins"]
        assert [list(span.values()) for span in told] == ink(page)
        assert "".join(wanted[span["start"] : span["end"]] for span in told if span["by"] == "hand") == "✍︎"
    page.reload()
    box(page)
    assert ask(page, "ed.text") == wanted
    assert ink(page) == [list(span.values()) for span in draft(page)["origins"]]


def _escaped(text: str) -> Iterator[str]:
    yield '"'
    for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"):
        yield f"\\u{unit:04x}"
    yield '"'


def test_ten_megabytes_are_refused_and_said(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, POEM, (0, 18, "engine")), **CLIPBOARD)
    box(page).click()
    page.evaluate("navigator.clipboard.writeText('0123456789'.repeat(1024 * 1024))")
    page.keyboard.press("Control+V")
    expect(page.get_by_role("alert").filter(has_text="1,000,000")).to_be_visible()
    assert ask(page, "ed.text") == POEM
    assert ink(page) == [[0, 18, "engine"]]
    page.keyboard.type("still here")
    assert "still here" in ask(page, "ed.text")


def test_two_windows_never_overwrite_each_others_words(windows: tuple[Windows, Visit], room: Running) -> None:
    windows[0].allow("409")
    address = text_work(room, "begun", (0, 5, "engine"))
    first, second = windows[1](address), windows[1](address)
    box(first).press_sequentially("first ")
    until(first, lambda: draft(first)["text"] == "first begun", "the first save")
    box(second).press_sequentially("second ")
    dialog = second.get_by_role("dialog")
    expect(dialog).to_contain_text("This draft was changed in another window")
    expect(dialog.get_by_role("row", name="Text")).to_contain_text("second begun")
    expect(dialog.get_by_role("row", name="Text")).to_contain_text("first begun")
    button(second, "Take theirs").click()
    until(second, lambda: ask(second, "ed.text") == "first begun", "theirs")
    assert ink(second) == [[0, 6, "hand"], [6, 11, "engine"]]
    saved(second)
    assert draft(second)["text"] == "first begun"
    box(second).press_sequentially("and third ")
    until(second, lambda: "third" in draft(second)["text"], "the save after it")
    assert ask(first, "ed.text") == "first begun"
    box(first).press_sequentially("mine ")
    expect(first.get_by_role("dialog")).to_contain_text("and third")
    button(first, "Keep mine").click()
    until(first, lambda: draft(first)["text"] == ask(first, "ed.text"), "mine")
    assert "mine" in draft(first)["text"]


def test_words_that_could_not_be_sent_are_there_again(windows: tuple[Windows, Visit], room: Running) -> None:
    windows[0].allow("ERR_FAILED")
    page = windows[1](text_work(room, "begun", (0, 5, "engine")))
    page.context.route("**/draft", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    box(page).press_sequentially("unsent ")
    expect(page.get_by_role("status").filter(has_text="kept in this browser")).to_be_visible()
    page.close()
    again = page.context.new_page()
    page.context.unroute("**/draft")
    again.goto(page.url)
    box(again)
    until(again, lambda: ask(again, "ed.text") == "unsent begun", "what was left")
    assert ink(again) == [[0, 7, "hand"], [7, 12, "engine"]]
    until(again, lambda: draft(again)["text"] == "unsent begun", "its save")


def test_only_keys_are_needed_and_none_is_caught(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, POEM, (0, 18, "engine")))
    text = box(page)
    expect(text).to_have_attribute("aria-multiline", "true")
    expect(text).to_have_attribute("lang", re.compile("^zh"))
    expect(text).to_have_attribute("spellcheck", "true")
    shown = page.locator("#editor.inked")
    expect(shown).to_be_visible()
    text.focus()
    page.keyboard.type("I")
    expect(shown).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("I")
    expect(shown).to_have_count(0)
    saved(page)
    page.reload()
    box(page)
    expect(shown).to_have_count(0)
    button_of = page.get_by_role("switch", name="Ink")
    expect(button_of).to_have_attribute("aria-checked", "false")
    button_of.click()
    expect(shown).to_be_visible()
    text.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(text).to_be_focused()


def test_the_search_finds_what_is_far_below_and_replaces_by_hand(room: Running, visit: Visit) -> None:
    text = "a line like others\n" * 3000 + "the needle\n"
    page = visit(text_work(room, text, (0, len(text), "engine")))
    box(page).click()
    page.keyboard.press("Control+F")
    page.get_by_role("textbox", name="Find").press_sequentially("needle")
    page.keyboard.press("Enter")
    expect(page.locator("#editor .cm-searchMatch")).to_be_in_viewport()
    page.get_by_role("textbox", name="Replace with").press_sequentially("thread")
    button(page, "Replace all").click()
    assert ask(page, "ed.text") == text.replace("needle", "thread")
    assert ink(page)[1] == [len(text) - 7, len(text) - 1, "hand"]
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Find")).to_have_count(0)


def test_each_line_reads_its_own_way(room: Running, visit: Visit) -> None:
    page = visit(text_work(room, "English\nשלום עולם\n中文"))
    box(page)
    directions = page.locator("#editor .cm-line").evaluate_all("(all) => all.map((line) => getComputedStyle(line).direction)")
    assert directions == ["ltr", "rtl", "ltr"]


def test_the_editor_adds_no_style_to_the_page_and_its_scripts_are_small(room: Running, visit: Visit) -> None:
    page = visit(text_work(room))
    box(page)
    assert page.locator("style").count() == 0
    assert page.evaluate("document.adoptedStyleSheets.length") > 0
    found = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name.split('?')[0])")
    scripts = {name for name in found if name.endswith(".js")}
    assert any("codemirror" in name for name in scripts)
    own = [urlopen(name).read() for name in scripts]  # noqa: S310  # the studio's own addresses
    assert sum(len(gzip.compress(script)) for script in own) < 250_000


LINES = "月落乌啼霜满天江枫渔火对愁眠"


@pytest.mark.parametrize("kind", ["verse", "prose"])
def test_two_hundred_thousand_characters_are_written_in_without_lag(room: Running, visit: Visit, kind: str) -> None:
    """Counted in the page's own processor time, which other programs on the machine do not change."""
    verse = "".join(f"{LINES[: 7 + n % 8]}\n" for n in range(64))
    piece = verse if kind == "verse" else "The rain went on over the grey city. " * 20 + "\n"
    text = (piece * (200_000 // len(piece) + 1))[:200_000]
    spans = [(at, at + 20, ("engine", "hand", "paste")[at // 20 % 3]) for at in range(0, 200_000, 20)]
    page = visit(text_work(room, text, *spans))
    box(page)
    assert ask(page, "ed.length") == 200_000
    ask(page, "ed.select(100000), ed.focus()")
    page.wait_for_timeout(500)  # what the opening left to do is not what a key costs
    session = composing(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = []
    for key in "abcdefgh" * 5:
        before = _busy(session)
        page.keyboard.press(key)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        spent.append((_busy(session) - before) * 1000)
    spent.sort()
    median, p95 = spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
    print(f"{kind}: key to paint, processor time: p50 {median:.1f} ms; p95, saving in between included, {p95:.1f} ms")
    assert median < 25
    assert p95 < 150  # several times what it is where nothing else runs: this machine may be shared
    until(page, lambda: draft(page)["text"] == ask(page, "ed.text"), "the save of a long text", 2 * PATIENCE / 1000)


def _busy(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))
