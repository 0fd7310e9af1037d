"""What every engine does whose model runs in a service: its names, its key, and that there is nothing to load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from app.brief import Brief, Prompt
from app.engines.engine import Engine
from app.errors import EngineError, Sentence, _
from app.lanes import Lane
from app.settings import PictureSetting, TextSetting


class ServiceEngine(Engine):
    """An engine that asks a service."""

    def __init__(self, setting: TextSetting | PictureSetting, keys: Mapping[str, SecretStr]) -> None:
        self.name, self.title = setting.name, setting.title or setting.name
        self.licence = setting.licence or "see the service's terms"
        self._key_name = setting.key
        self._key = keys.get(setting.key) if setting.key else None

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (the service computes, whatever is asked)
        return Lane.REMOTE

    def unready(self) -> str | None:
        if self._key_name and not (self._key and self._key.get_secret_value()):
            return Sentence(_("There is no key %(name)s in STEMMA_KEYS."), name=self._key_name)
        return None

    def prompt(self, brief: Brief) -> Prompt:
        return brief.prompt()

    def load(self, device: str) -> None:  # noqa: ARG002 (the model is elsewhere)
        if reason := self.unready():
            raise EngineError(reason)
