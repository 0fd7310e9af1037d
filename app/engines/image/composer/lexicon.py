"""The words that the composer reads besides the names of drawings: places, hours, weather, moods, colours, numbers, relations.

Each table goes from what it means to the words that say so.
"""

from __future__ import annotations

from app.engines.image.composer.colour import TARGETS


def listed(words: str) -> frozenset[str]:
    """The words between spaces, "_" being a space in one."""
    return frozenset(word.replace("_", " ") for word in words.split())


PLACES = {
    "sea": "sea ocean waves harbour harbor bay water open_sea",
    "beach": "beach shore seaside coast sand seashore",
    "hill": "hill hills hillside hilltop",
    "meadow": "meadow grass garden lawn park pasture countryside orchard",
    "field": "field fields farmland wheat_field cornfield ploughed_field farm",
    "snow": "snowy_field snowy_meadow snow_field snow ice arctic snowfield winter winter_landscape snowy_landscape",
    "street": "street road town village avenue city_street pavement",
    "city": "city city_at_night city_at_dusk skyline cityscape downtown metropolis city_skyline rooftops",
    "desert": "desert dune dunes",
    "mountains": "mountain mountains alps peak peaks cliff",
    "forest": "forest woods jungle woodland rainforest",
    "pond": "pond river stream riverbank",
    "lake": "lake lakeside lakeshore loch fjord mountain_lake",
    "sky": "sky air clouds",
    "space": "space galaxy cosmos universe outer_space",
    "underwater": "underwater under_water deep_sea under_the_sea ocean_floor seabed bottom_of_the_sea",
    "table": "table desk kitchen counter shelf",
    "room": "room indoors home floor bedroom living_room inside_a_house",
}
HOURS = {
    "night": "night midnight nighttime darkness night_sky",
    "dusk": "sunset sunrise dusk dawn evening twilight golden_hour",
    "day": "day noon daylight daytime morning afternoon midday",
}
WEATHER = {
    "rain": "rain rainy raining drizzle downpour",
    "storm": "storm stormy thunderstorm thunder tempest",
    "snow": "snowing snowfall blizzard snowflakes snowy snows falling_snow",
    "sun": "sun sunny sunshine sunlight sunset sunrise",
    "moon": "moon moonlight moonlit full_moon",
    "stars": "stars starry starlight starry_sky starry_night",
    "clouds": "cloudy",
    "rainbow": "rainbow",
    "fog": "fog foggy mist misty haze",
    "aurora": "aurora northern_lights polar_lights",
    "leaves": "falling_leaves autumn_leaves",
    "fireflies": "fireflies glow-worms glowworms",
}
MOODS = {
    "bright": "happy cheerful joyful bright lively sunny summer",
    "soft": "calm quiet peaceful serene gentle soft dreamy pastel spring sweet cute",
    "grey": "sad melancholy gloomy lonely sombre bleak",
    "warm": "warm cosy cozy autumn autumnal golden_light",
    "cold": "cold chilly wintry frosty cool",
    "deep": "mysterious spooky dark moody dramatic eerie scary",
    "romantic": "romantic tender rosy love",
    "faded": "vintage retro nostalgic faded antique",
    "vivid": "vivid colorful colourful bold vibrant",
}
STYLES = {
    "flat": "flat vector flat_vector flat_illustration illustration simple minimal minimalist poster",
    "paper": "paper paper_cut papercut cut_paper collage cutout paper-cut diorama",
    "line": (
        "line lines line_art lineart outline outlines ink ink_wash ink_wash_painting ink_painting ink_drawing pen "
        "sketch drawing coloring_book colouring_book"
    ),
    "duotone": "duotone two_colours two_colors monochrome two-tone two_tone sepia silhouette",
    "wood": "wooden wood woodwork marquetry intarsia carved",
    "glass": "stained_glass stained-glass glass_window",
    "chalk": "chalk blackboard chalkboard chalk_drawing",
    "felt": "felt embroidered embroidery stitched woollen wool fabric textile patchwork",
    "print": "risograph riso stamp print screen_print screenprint linocut woodcut rubber_stamp grain grainy lithograph",
}
SIZES = {"big": "big large huge giant enormous tall great", "small": "small tiny little mini miniature"}
COLOURS = {name: name.replace(" ", "_") for name in TARGETS} | {
    "gold": "gold golden",
    "grey": "grey gray",
    "red": "red scarlet",
    "blue": "blue azure",
    "green": "green emerald",
    "purple": "purple lilac lavender",
}
NUMBERS = {
    2: "two pair couple both",
    3: "three",
    4: "four",
    5: "five several some group family",
    6: "six",
    7: "seven many bunch flock herd pack crowd swarm lots",
    8: "eight",
    9: "nine",
    10: "ten",
    11: "eleven",
    12: "twelve dozen",
    100: "hundred hundreds",
    1000: "thousand thousands countless million millions",
}
RELATIONS = {
    "front": "in_front_of before",
    "behind": "behind",
    "left": "left_of to_the_left_of on_the_left_of",
    "right": "right_of to_the_right_of on_the_right_of",
    "on": "on on_top_of upon sitting_on standing_on lying_on riding atop onto",
    "under": "under below beneath underneath",
    "above": "above over",
    "in": "in inside into within",
    "wear": "wearing with_a_hat_of",
    "hold": "holding carrying",
    "between": "between",
    "and": "and plus",
    "beside": "beside near next_to by with at around along looking_at facing chasing against among across through"
    " to from for is are that who which while its their his her outside beyond",
}
ABSOLUTE = {
    "left": "on_the_left at_left",
    "right": "on_the_right at_right",
    "middle": "in_the_middle in_the_centre in_the_center",
}
SILENT = listed(
    "a an the of it there very this these those one as or my your our picture image photo painting portrait"
    " scene view showing full background style art"
)
FLYING = frozenset(["flying", "soaring", "floating", "hovering"])
CHINESE_PLACES = (  # 在树上, and 树下的猫
    *(
        ("上面", "on"),
        ("下面", "under"),
        ("后面", "behind"),
        ("前面", "in front of"),
        ("左边", "left of"),
        ("右边", "right of"),
    ),
    *(("旁边", "beside"), ("里面", "in"), ("上", "on"), ("下", "under"), ("里", "in")),
)
CHINESE_SCENES = (  # what the glossary reads word by word, and wrongly
    *(
        ("森林", " forest "),
        ("树林", " forest "),
        ("月光下", " under moonlight "),
        ("月光", " moonlight "),
        ("星空", " starry night "),
    ),
    *(
        ("夜晚的城市", " city at night "),
        ("夜晚", " at night "),
        ("夜里", " at night "),
        ("城市", " city "),
        ("湖边", " by lake "),
    ),
    *(("桌子上", " table "), ("桌上", " table "), ("金鱼", " goldfish "), ("极光", " aurora "), ("萤火虫", " fireflies ")),
    *(("暴风雨", " storm "), ("田野", " field "), ("剪纸", " papercut ")),
)
ALIASES = {  # said, and the drawing that is meant; the sets' own keywords mean others
    "boat": "sailboat",
    "sailing ship": "sailboat",
    "sailing boat": "sailboat",
    "goldfish": "fish",
    "pocket watch": "clock",
    "table lamp": "lantern",
    "lamp": "lantern",
}
PAIRED = frozenset(["glasses", "scissors", "binoculars", "trousers", "pants", "jeans"])  # a plural that is one thing
CHINESE = dict(zip("四五六七八九十", ("four", "five", "six", "seven", "eight", "nine", "ten"), strict=True))
SINGULAR = {
    "mice": "mouse",
    "geese": "goose",
    "leaves": "leaf",
    "wolves": "wolf",
    "knives": "knife",
    "loaves": "loaf",
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "teeth": "tooth",
    "feet": "foot",
    "oxen": "ox",
    "elves": "elf",
    "calves": "calf",
    "fairies": "fairy",
    "butterflies": "butterfly",
    "kids": "child",
}
SAME = frozenset(["sheep", "fish", "deer", "bison", "goldfish"])  # alike in singular and plural


def spoken(table: dict[str, str]) -> dict[str, str]:
    """From the words to what they mean."""
    return {word.replace("_", " "): meaning for meaning, words in table.items() for word in words.split()}


def singulars(word: str) -> list[str]:
    """What `word` may be the plural of, the likeliest first; empty when it is none."""
    *before, last = word.split(" ")
    found = []
    if last in SINGULAR:
        found = [SINGULAR[last]]
    elif last.endswith("ies"):
        found = [f"{last[:-3]}y", last[:-1]]
    elif last.endswith(("ses", "xes", "ches", "shes", "oes")):
        found = [last[:-2], last[:-1]]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")):
        found = [last[:-1]]
    return [" ".join([*before, one]) for one in found]
