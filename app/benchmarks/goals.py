"""What is promised, in numbers: for two cores with nothing else running."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """`about` is measured in `unit` and must be at most `most`, or at least `least`; `aim` is what we hope for."""

    about: str
    unit: str
    most: float | None = None
    least: float | None = None
    aim: float | None = None

    def met(self, value: float) -> bool:
        """True when `value` keeps the promise."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def aimed(self, value: float) -> bool | None:
        """True when `value` is as good as hoped; None when no aim is set."""
        if self.aim is None:
            return None
        return value >= self.aim if self.least is not None else value <= self.aim


# By measurement (a module of this package), by figure.
GOALS: dict[str, dict[str, Goal]] = {
    "web": {
        "ready": Goal("web: from its start to /readyz, median", "s", most=2.0),
        "memory": Goal("web: resident after 200 requests", "MB", most=150.0),
        "torch": Goal("web: libraries of torch in the process", "", most=0),
    },
    "preview": {
        "first_preview": Goal("Generate to the first preview on the page, p95", "ms", most=500.0, aim=250.0),
        "step": Goal("a step reaches the page, p95", "ms", most=200.0, aim=100.0),
    },
    "variants": {
        "engine_ratio": Goal("four variants of 25 steps: engine / bare diffusers", "×", most=1.15, aim=1.05),
        "worker_ratio": Goal("four variants of 25 steps: in the worker / bare diffusers", "×", most=1.15, aim=1.05),
        "full_seconds": Goal("four variants at full pace: engine alone, median", "s", most=5.0),
        "sketch_seconds": Goal("four sketches: engine alone, median", "s", most=1.0),
        "sketch_ratio": Goal("four sketches / four variants at full pace", "×", most=0.35, aim=0.2),
    },
    "busy": {
        "requests": Goal("other requests while the worker is busy, p95", "ms", most=50.0),
        "writes": Goal("saves beside stalled bodies and large imports, worst p95", "ms", most=100.0),
        "reads": Goal("reads beside stalled bodies and large imports, worst p95", "ms", most=50.0),
        "slow_upload": Goal("32 MB at 100 KB/s arrive", "", least=1.0),
    },
    "idle": {
        "begun": Goal("from a request to its begin by an idle worker, p95", "ms", most=100.0),
        "processor": Goal("nobody uses it: web and worker together, of a core", "%", most=1.0),
    },
    "page": {
        "weight": Goal("bench page: scripts and styles, gzipped", "KB", most=60.0),
        "foreign": Goal("bench page: requests that leave the studio", "", most=0),
        "shift": Goal("bench page: layout shift when variants arrive", "", most=0.0),
    },
    "lineage": {
        "lineage_1000": Goal("lineage of 1,000 on screen, median", "ms", most=300.0),
        "lineage_10000": Goal("lineage of 10,000 on screen, median", "ms", most=500.0),
        "panning": Goal("panning over 10,000", "frames/s", least=59.0, aim=60.0),
    },
    "gallery": {
        "pages": Goal("gallery of 200,000: any page, p95", "ms", most=100.0),
        "jump": Goal("gallery of 200,000: a jump into the middle, median", "s", most=1.0),
        "search": Goal("gallery of 200,000: a search, p95", "ms", most=100.0),
    },
    "judging": {
        "search": Goal("search in 200,000 pictures, p95", "ms", most=150.0),
        "verdict": Goal("a judge's look at a variant: processor time, median", "ms", most=20.0),
    },
    "texts": {
        "diff": Goal("text of 200,000 characters, 2,000 edits: difference, median", "s", most=1.0),
        "diff_rewritten": Goal("text of 200,000 characters, all rewritten: difference, median", "s", most=1.0),
        "opens": Goal("text of 200,000 characters: its page opens, median", "s", most=1.0),
        "typing": Goal("text of 200,000 characters: from a key to its paint, p95", "ms", most=50.0),
        "scripts": Goal("writing room: all scripts, gzipped", "KB", most=250.0),
        "elsewhere": Goal("writing room's own scripts on a picture's bench", "", most=0),
        "batch": Goal("four streams at once / four single runs: tokens per second", "×", least=2.5),
        "overhead": Goal("four streams: engine / bare loop of transformers", "×", most=1.1),
        "overhead_one": Goal("one stream: engine / bare loop of transformers", "×", most=1.1),
        "first_token": Goal("engine: request to the first step, over bare prefill, p95", "s", most=0.3),
        "first_token_page": Goal("Generate to the first words on the page, over bare prefill, p95", "s", most=0.3),
        "token_page": Goal("a token reaches the page, p95", "ms", most=100.0),
    },
    "music": {
        "wav": Goal("one minute of a tune as WAV, median", "s", most=5.0),
        "four": Goal("four tunes of 16 bars: engine, median", "s", most=6.0),
        "first_bars": Goal("engine: request to the first bars of four tunes, p95", "s", most=1.0),
        "first_bars_page": Goal("Generate to the first bars on the page, p95", "s", most=1.0),
        "score": Goal("a score of 64 bars is drawn, median", "ms", most=200.0),
        "playback": Goal("Play to the first sound, p95", "ms", most=300.0),
        "scripts": Goal("music page's own scripts, gzipped", "KB", most=200.0),
        "elsewhere": Goal("music page's own scripts on a picture's bench", "", most=0),
    },
    "hearing": {
        "poems": Goal("verse: of 60 briefs, poems that hear theirs", "of 60", least=58),
        "poems_everyday": Goal("verse: of 60 more everyday briefs, the same", "of 60", least=58),
        "openings": Goal("verse: of twelve poems of a brief, most that begin alike", "", most=3),
        "known": Goal("verse: known lines in them", "lines", most=0),
        "tunes": Goal("tunes: of 40 briefs, kind and mood right in all four", "of 40", least=36),
        "drawn": Goal("tunes: of 40 briefs drawn by lot, the same", "of 40", least=24, aim=36),
        "tunes_everyday": Goal("tunes: of 40 more everyday briefs, the same", "of 40", least=36),
        "held": Goal("tunes: of 40 briefs held back, the same", "of 40", least=24, aim=36),
        "fresh": Goal("tunes: of 40 briefs of an afternoon, the same", "of 40", least=32, aim=36),
        "third": Goal("tunes: of 40 briefs of an evening, held back, the same", "of 40", least=30, aim=36),
        "pictures_apart": Goal("four pictures apart / of other briefs", "×", least=0.5),
        "verse_apart": Goal("four poems apart / of other briefs", "×", least=0.5),
        "english_apart": Goal("four English poems apart / of other briefs", "×", least=0.5),
        "tunes_apart": Goal("four tunes apart / of other briefs", "×", least=0.5),
        "harmonies_apart": Goal("four harmonies: notes under another chord, least of all pairs", "", least=0.1),
    },
    "soak": {
        "web_memory": Goal("ten artists for twelve hours: web's memory after the first tenth, growth", "%", most=10.0),
        "worker_memory": Goal("ten artists for twelve hours: worker's memory after the first tenth, growth", "%", most=10.0),
        "handles": Goal("ten artists for twelve hours: open files after the first tenth, growth", "files", most=10),
        "refused": Goal("ten artists for twelve hours: requests that failed", "", most=0),
    },
    "kills": {
        "survived": Goal("kill -9 of worker, web and both: nothing lost, doubled or orphaned", "kills", least=300),
    },
}
