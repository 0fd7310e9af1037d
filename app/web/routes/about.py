"""About: what the studio is, whose work it stands on, and its HTTP interface."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.settings import ROOT
from app.web.deps import OneTurn, Parts
from app.web.pages import answer, page, wants_html
from app.web.routes.engine_room import EngineOut, engines_out
from app.web.routes.interface import PROBLEM

router = APIRouter(route_class=OneTurn, tags=["about"])
METHODS = ("get", "post", "put", "patch", "delete")


class About(BaseModel):
    """The version, and what this studio is built of."""

    version: str
    engines: list[EngineOut]
    notices: str


def _notices() -> str:
    notice = ROOT / "NOTICE"
    return notice.read_text(encoding="utf-8") if notice.exists() else ""


@router.get("/about", response_model=About)
def about(request: Request, parts: Parts) -> Response:
    """Version, licences, attributions."""
    out = About(version=request.app.version, engines=engines_out(parts), notices=_notices())
    cards = {
        path.parent.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "app" / "weights").glob("*/README.md"))
    }
    return answer(request, out, "about/show.html", about=out, cards=cards)


def _operations(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations of an OpenAPI schema, by their tag."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
                body: dict[str, Any] = next((kind["schema"] for kind in content.values() if "schema" in kind), {})
                fields = body.get("properties", {})
                one = {"method": method.upper(), "path": path, "fields": fields, "required": body.get("required", [])}
                found.setdefault(operation.get("tags", ["other"])[0], []).append(operation | one)
    return found


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """The HTTP interface, drawn from its OpenAPI schema, which is what a program gets."""
    if not wants_html(request):
        return RedirectResponse("/openapi.json")
    tags = _operations(request.app.openapi())
    replies = [reply for operations in tags.values() for one in operations for reply in one["responses"].items()]
    told = sorted(
        (status, len(said := reply["description"]), said) for status, reply in replies if PROBLEM in reply.get("content", {})
    )
    errors = {status: said for status, _length, said in told}  # the fullest description of each
    return page(request, "about/interface.html", tags=tags, errors=errors)
