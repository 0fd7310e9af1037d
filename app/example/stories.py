"""What happens in the example. Seeds and picks were chosen by looking at what the house engine made."""

from __future__ import annotations

from app.example.make import Story, Turn

NAME = "Example: a walk along the coast"

UMBRELLA = {
    "intent": "an umbrella, on a yellow background",
    "style": "flat vector",
    "technique": "one big shape",
    "materials": ["rain"],
    "criteria": ["Reads at thumbnail size"],
    "avoid": "",
}
BOAT = {
    "intent": "a sailboat on the sea, on a sky blue background",
    "style": "flat vector",
    "technique": "big shapes first",
    "materials": ["sea", "wind"],
    "criteria": ["The sail reads at thumbnail size", "No more than five colours"],
    "avoid": "",
}
HEART = {
    "intent": "a red heart, on a cream background",
    "style": "3d render",
    "technique": "",
    "materials": [],
    "criteria": [],
    "avoid": "",
}
TREE = {
    "intent": "a green tree, on a teal background",
    "style": "flat vector",
    "technique": "",
    "materials": ["summer"],
    "criteria": [],
    "avoid": "",
}

STORIES = [
    Story(
        "A tree by the path",
        [
            Turn("create", 11, brief=TREE, pick=(0,)),
            Turn("vary", 21, parent=(0, 0), strength="strong", pick=(1,)),
            Turn(
                "refine",
                31,
                parent=(1, 1),
                brief={**TREE, "intent": "an orange tree in autumn, on a cream background"},
                pick=(2,),
            ),
        ],
    ),
    Story(
        "A heart in the sand",
        [
            Turn("create", 7, brief=HEART, pick=(0,)),
            Turn("vary", 17, parent=(0, 0), strength="subtle"),
            Turn("vary", 18, parent=(0, 0), strength="strong", pick=(2,)),
            Turn("refine", 19, parent=(2, 2), brief={**HEART, "intent": "a blue heart, on a pink background"}, pick=(0,)),
        ],
    ),
    Story(
        "Umbrella weather",
        [
            Turn("create", 5, brief=UMBRELLA, pick=(1,)),
            Turn("reroll", 6, parent=(0, 1)),
            Turn("vary", 8, parent=(1, 0), strength="subtle", pick=(3,)),
        ],
    ),
    Story(
        "The sail before the storm",
        [
            Turn("create", 1, brief=BOAT, pick=(2,)),
            Turn("vary", 2, parent=(0, 2), strength="subtle"),
            Turn("vary", 3, parent=(0, 2), strength="strong", pick=(0,)),
            Turn(
                "refine",
                4,
                parent=(2, 0),
                brief={**BOAT, "intent": "a sailboat on the sea, on an orange background"},
                pick=(1,),
            ),
            Turn("vary", 9, parent=(3, 1), strength="strong"),
            Turn("reroll", 10, parent=(3, 1), pick=(0,)),
            Turn("vary", 12, parent=(5, 0), strength="subtle", pick=(1,)),
        ],
    ),
]
