"""What happens in the example. Seeds and picks were chosen by looking at what the engines made."""

from __future__ import annotations

from typing import Any

from app.example.make import ByHand, Story, Turn

NAME = "Example: a fox, a cat, a taxi and a boat"


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
        "A taxi for the poster",
        [
            Turn("create", 1, brief=brief("a yellow taxi in the city", criteria=("It reads at once",)), pick=(3,)),
            Turn("vary", 21, parent=(0, 3), strength="subtle", pick=(1,)),
            Turn("refine", 25, parent=(0, 3), brief=brief("a yellow taxi in the city at dusk", "risograph"), pick=(0,)),
        ],
    ),
    Story(
        "A boat before the storm",
        [
            Turn(
                "create",
                1,
                brief=brief("a sailboat on the sea and a lighthouse", criteria=("The sail reads at thumbnail size",)),
                pick=(2,),
            ),
            Turn("vary", 31, parent=(0, 2), strength="subtle", pick=(0,)),
            Turn("refine", 41, parent=(0, 2), brief=brief("a sailboat on a stormy sea and a lighthouse"), pick=(1,)),
        ],
    ),
    Story(
        "Cat and moon",
        [
            Turn("create", 1, brief=brief("a black cat under a full moon", criteria=("The moon is behind it",)), pick=(0,)),
            Turn("reroll", 11, parent=(0, 0)),
            Turn("vary", 51, parent=(0, 0), strength="subtle", pick=(2,)),
            Turn("refine", 61, parent=(0, 0), brief=brief("a black cat under a full moon", "paper cut"), pick=(0,)),
        ],
    ),
    Story(
        "A fox for the wall",
        [
            Turn("create", 7, brief=brief("a red fox in the snow", criteria=("All of the fox is seen",)), pick=(2,)),
            Turn("vary", 71, parent=(0, 2), strength="subtle", pick=(1,)),
            Turn("vary", 72, parent=(0, 2), strength="strong", pick=(0,)),
            Turn("refine", 73, parent=(2, 0), brief=brief("a red fox in the snow at night, northern lights"), pick=(3,)),
            Turn("reroll", 74, parent=(3, 3)),
            Turn("vary", 75, parent=(3, 3), strength="strong", pick=(1,)),
            Turn(
                "refine",
                76,
                parent=(3, 3),
                brief=brief("a red fox and an owl on a tree in the snow at night, northern lights"),
                pick=(2,),
            ),
        ],
    ),
]
