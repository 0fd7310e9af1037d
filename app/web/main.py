"""Builds the web application."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from app.bounded.child import HELPER
from app.bounded.leaving import Leaving
from app.engines.catalog import catalog
from app.integrity.damage import Watch
from app.judging.catalog import make_judge
from app.requests.outbox import reconcile
from app.search.index import Index
from app.settings import Settings, settings
from app.storage.db import Database
from app.storage.queue import Queue
from app.storage.store import Store
from app.web import problems
from app.web.bodies import Bodies
from app.web.deps import WRITING, Studio, somebody
from app.web.guard import Guard
from app.web.live.live import Live
from app.web.methods import FormMethod, Head
from app.web.observe import Observe, set_up_logging
from app.web.root import Root, insist_on_its_own
from app.web.routes import (
    about,
    acts,
    archives,
    comments,
    diffs,
    downloads,
    drafts,
    drawings,
    engine_room,
    events,
    generations,
    health,
    imports,
    interface,
    lineage,
    lists,
    loom,
    masks,
    me,
    members,
    menus,
    music_files,
    people,
    preferences,
    preset_files,
    presets,
    probes,
    projects,
    prosody,
    revisions,
    search,
    sessions,
    share_links,
    styles,
    texts,
    trash,
    trims,
    tunes,
    visits,
    works,
)
from app.web.scripts import STATIC, static_version

log = logging.getLogger(__name__)
ROUTERS = (
    projects,
    works,
    menus,
    archives,
    acts,
    lists,
    preset_files,
    presets,
    styles,
    drafts,
    drawings,
    generations,
    diffs,
    revisions,
    comments,
    texts,
    tunes,
    prosody,
    downloads,
    music_files,
    imports,
    masks,
    trims,
    lineage,
    loom,
    search,
    probes,
    events,
    preferences,
    health,
    trash,
    engine_room,
    about,
)


OPEN = (preferences, health)  # to who is not signed in; health closes its figures by itself


class ForEver(StaticFiles):
    """Static files under an address that holds their digest: they may be kept for ever."""

    async def get_response(self, path: str, scope: Scope):  # type: ignore[no-untyped-def]  # Starlette's own signature
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class Web(FastAPI):
    """FastAPI, with the whole interface described."""

    def openapi(self) -> dict[str, Any]:
        """The description of the HTTP interface, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = interface.described(self, super().openapi())
        return self.openapi_schema


def create_app(config: Settings | None = None) -> FastAPI:
    """The web application with its own database, store and queue."""
    config = config or settings()
    set_up_logging(config)
    database, queue = Database(config), Queue(config)
    index = Index(make_judge(config))
    parts = Studio(config, database, Store(config.data), queue, Live(database, queue), catalog(config), index)

    app = Web(
        title="Stemma",
        version="0.1.0",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        description=interface.DESCRIPTION,
        generate_unique_id_function=interface.operation_id,
    )
    app.state.studio = parts
    app.state.damage = Watch(config, database.engine)
    database.forbids_writing = app.state.damage.forbids_writing
    _include(app, config)
    app.mount(f"/static/{static_version()}", ForEver(directory=STATIC), name="static")
    insist_on_its_own(config.root, app)
    problems.install(app)
    app.add_middleware(Head)
    app.add_middleware(FormMethod)
    app.add_middleware(problems.Unexpected)
    app.add_middleware(Leaving)
    app.add_middleware(Bodies, settings=config, most=WRITING)
    app.add_middleware(Guard, settings=config)
    app.add_middleware(Observe)
    app.add_middleware(Root, root=config.root)
    return app


def _include(app: FastAPI, config: Settings) -> None:
    """The routes. Where the studio has accounts: those of accounts too, and nobody comes in who is not signed in."""
    if not config.accounts:
        for module in ROUTERS:
            app.include_router(module.router)
        return
    closed = [Depends(somebody)]
    for module in ROUTERS:
        app.include_router(module.router, dependencies=[] if module in OPEN else closed)
    app.include_router(sessions.router)
    app.include_router(visits.router)
    for router in (me.router, people.router, members.router, share_links.router):
        app.include_router(router, dependencies=closed)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What runs beside the web application, and at the end closes what it opened."""
    parts: Studio = app.state.studio
    threading.Thread(target=_catch_up, args=(parts,), daemon=True).start()
    HELPER.start()
    yield
    parts.live.close()
    parts.queue.close()
    parts.database.close()
    parts.store.incoming.close()


def _catch_up(parts: Studio) -> None:
    """Queue what was accepted just before the last end of this process."""
    try:
        reconcile(parts.database, parts.queue)
    except Exception:  # the workers' sweep does the same every second
        log.exception("could not catch up")
