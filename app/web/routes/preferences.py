"""Preferences: language, theme and keys, remembered in the browser."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.gate import address
from app.web.deps import OneTurn, body
from app.web.pages import Reader, reader

router = APIRouter(route_class=OneTurn, tags=["preferences"])
YEAR = 365 * 24 * 3600  # seconds


class Preferences(BaseModel):
    """What can be chosen; what is absent stays as it is."""

    language: Literal["en", "zh"] | None = None
    theme: Literal["auto", "light", "dark"] | None = None
    keys: Literal["on", "off"] | None = None


@router.post("/preferences", status_code=204)
def choose(request: Request, chosen: Annotated[Preferences, Depends(body(Preferences))]) -> Response:
    """Remember choices in cookies; a browser goes back to where it came from."""
    if reader(request) is Reader.BROWSER:
        response: Response = RedirectResponse(_back(request.headers.get("referer", "/")), 303)
    else:
        response = Response(status_code=204)
    for name, value in chosen.model_dump(exclude_none=True).items():
        response.set_cookie(f"stemma_{name}", value, max_age=YEAR, samesite="lax", path="/")
    return response


def _back(referer: str) -> str:
    """The address in the Referer, on this studio; what is no address leads to its beginning."""
    back = address(referer)
    return "/" if back is None else "/" + back.path.lstrip("/\\") + (f"?{back.query}" if back.query else "")
