"""A place in a text or tune: what a row keeps comes back as it was, and what does not fit is left out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from pydantic import ValidationError

from app.engines.engine import Request
from app.models.shapes import PLACE
from app.verbs.place import Part, Place

WHOLE: dict[str, Any] = {
    "selection": [4, 9], "at": 0, "choice": " moon", "instruction": "", "leave_out": ["materials", "beginning"],
    "bars": [0, 8], "semitones": -2, "section": [0.5, 2.0],
    "frame": [0, 16, 0, 16],
}  # fmt: skip


@pytest.mark.parametrize("stored", [{name: value} for name, value in WHOLE.items()] + [WHOLE])
def test_a_row_is_kept_as_it_was(stored: dict[str, Any]) -> None:
    assert Place.model_validate(stored).stored() == stored


def test_nothing_is_kept_of_nothing() -> None:
    assert not Place()
    assert Place().stored() is None
    assert Place(instruction="").stored() == {"instruction": ""}  # said, and empty


def test_every_field_is_one_of_the_engines_request() -> None:
    assert set(WHOLE) == set(Place.model_fields)
    assert set(Place.model_fields) < {field.name for field in fields(Request)}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("wrong", [{}, [], [1], "", "x", 1.5, True, [True, "2"], [3, None], ["everything"], {"a": 1}])
def test_a_field_that_does_not_fit_is_left_out_and_the_rest_is_read(name: str, wrong: Any) -> None:
    try:
        Place.model_validate({name: wrong})
    except ValidationError:
        read = PLACE.fits(WHOLE | {name: wrong})
        assert read == {key: value for key, value in WHOLE.items() if key != name}
        assert Place.model_validate(read).stored() == read
    else:
        assert (name, wrong) in [("choice", ""), ("choice", "x"), ("instruction", ""), ("instruction", "x"), ("leave_out", [])]


def test_parts_are_words_of_their_own() -> None:
    assert Place.model_validate(WHOLE).leave_out == (Part.MATERIALS, Part.BEGINNING)
    assert Place.model_validate({"later": 1}) == Place()  # of a newer version
