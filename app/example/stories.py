"""What happens in the example. Seeds and picks were chosen by looking at what the house engine made."""

from __future__ import annotations

from typing import Any

from app.example.make import ByHand, Story, Turn

NAME = "Example: a heart, a cat, a car and a boat"


def brief(intent: str, style: str = "", *materials: str, criteria: tuple[str, ...] = ()) -> dict[str, Any]:
    """A brief as the HTTP interface takes it."""
    return {"intent": intent, "style": style, "materials": list(materials), "criteria": list(criteria)}


AUTUMN = brief("写一首抒情诗,描述秋日的景色,诗风优雅典雅。") | {"technique": "七言绝句"}
AIR = brief("a wistful slow air in A minor, 16 bars") | {"criteria": ["It ends at home", "One could sing it"]}
STORIES: list[Story] = [
    Story(
        "秋思",
        [
            Turn("create", 3, brief=AUTUMN, pick=(2,)),
            Turn("vary", 81, parent=(0, 2), strength="subtle", pick=(0,)),
            Turn("vary", 82, parent=(0, 2), strength="strong"),
        ],
        medium="text",
    ),
    Story(
        "An air for an autumn evening",
        [
            Turn("create", 5, brief=AIR, inspired=("秋思", 1, 0), pick=(1,)),
            Turn("vary", 91, parent=(0, 1), strength="subtle", pick=(2,)),
            Turn("replace", 92, parent=(1, 2), count=2, place={"bars": [5, 8]}, pick=(0,)),
            ByHand(((r"^T:.*$", "T:Geese over the river"), (r"^Q:.*$", "Q:1/4=72"))),
            Turn("harmonise", 93, parent=(3, 0), count=2, pick=(0,)),
            Turn("transpose", None, parent=(4, 0), count=1, place={"semitones": 3}, pick=(0,)),
        ],
        medium="music",
    ),
    Story(
        "A car for the poster",
        [
            Turn("create", 1, brief=brief("a yellow car", "flat vector", criteria=("Two wheels touch the ground",)), pick=(3,)),
            Turn("vary", 21, parent=(0, 3), strength="strong", pick=(1,)),
            Turn("refine", 25, parent=(0, 3), brief=brief("a yellow car, on a sky blue background", "flat vector"), pick=(0,)),
        ],
    ),
    Story(
        "A boat before the storm",
        [
            Turn("create", 1, brief=brief("a sailboat on the sea", criteria=("The sail reads at thumbnail size",)), pick=(2,)),
            Turn("vary", 31, parent=(0, 2), strength="subtle", pick=(0,)),
            Turn("refine", 41, parent=(1, 0), brief=brief("a sailboat on the sea, on an orange background"), pick=(1,)),
        ],
    ),
    Story(
        "Cat, then wolf",
        [
            Turn("create", 1, brief=brief("a smiling cat face", "3d render", criteria=("The eyes are alike",)), pick=(0,)),
            Turn("reroll", 11, parent=(0, 0)),
            Turn("vary", 51, parent=(0, 0), strength="subtle", pick=(2,)),
            Turn("refine", 61, parent=(2, 2), brief=brief("a wolf face", "noto drawing"), pick=(0,)),
        ],
    ),
    Story(
        "A heart for the wall",
        [
            Turn("create", 1, brief=brief("a blue heart", criteria=("One shape, one colour", "Both sides alike")), pick=(2,)),
            Turn("vary", 71, parent=(0, 2), strength="subtle", pick=(1,)),
            Turn("vary", 72, parent=(0, 2), strength="strong", pick=(0,)),
            Turn("refine", 73, parent=(2, 0), brief=brief("a red heart", "3d render"), pick=(3,)),
            Turn("reroll", 74, parent=(3, 3)),
            Turn("vary", 75, parent=(3, 3), strength="strong", pick=(1,)),
            Turn("refine", 76, parent=(5, 1), brief=brief("a purple heart, on a yellow background", "flat vector"), pick=(2,)),
        ],
    ),
]
