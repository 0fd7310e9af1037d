"""Preferences: language, theme and keys, remembered in the browser."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.pages import is_htmx
from app.routes.deps import OneTurn, body, documented

router = APIRouter(route_class=OneTurn, tags=["preferences"])
YEAR = 365 * 24 * 3600  # seconds


class Preferences(BaseModel):
    """What can be chosen; what is absent stays as it is."""

    language: Literal["en", "zh"] | None = None
    theme: Literal["auto", "light", "dark"] | None = None
    keys: Literal["on", "off"] | None = None


@router.post("/preferences", status_code=204, openapi_extra=documented(Preferences))
def choose(request: Request, chosen: Annotated[Preferences, Depends(body(Preferences))]) -> Response:
    """Remember choices in cookies; a browser goes back to where it came from."""
    if "text/html" in request.headers.get("accept", "") and not is_htmx(request):
        back = urlsplit(request.headers.get("referer", "/"))
        response: Response = RedirectResponse("/" + back.path.lstrip("/\\") + (f"?{back.query}" if back.query else ""), 303)
    else:
        response = Response(status_code=204)
    for name, value in chosen.model_dump(exclude_none=True).items():
        response.set_cookie(f"stemma_{name}", value, max_age=YEAR, samesite="lax", path="/")
    return response
