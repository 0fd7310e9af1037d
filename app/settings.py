"""Settings from the environment (STEMMA_*), one object for web and worker."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, HttpUrl, JsonValue, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError
from sqlalchemy import make_url

from app.errors import StemmaError, _

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "app/example/studio.tar"  # what a new studio opens on
NAME = re.compile(r"[A-Za-z0-9._~-]+")  # of a path, in characters that no reader of addresses writes in another way
PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> str | None:
    """The origin that an address is, as a browser writes it (RFC 6454, 6.2: in lower case, without the scheme's own
    port); None where it is none, or more than one.
    """
    try:
        parts = urlsplit(address.strip().lower())
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not name or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        return None
    shown = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, PORTS[parts.scheme]} else "")


def _listed(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]


class EngineSetting(BaseModel):
    """A diffusers pipeline to offer: a folder or a hub id (safetensors only)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    model: str
    title: str | None = None
    licence: str = "see the model's card"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    steps: int | None = Field(None, ge=1, le=200)  # by default what the family's weights want, turbo or base
    guidance: float | None = Field(None, ge=0, le=30)
    side: int | None = Field(None, ge=16, le=4096)  # pixels of a square; by default what the weights were trained on


class TextSetting(BaseModel):
    """A service that writes, or (`transformers`) a model that the worker loads: a folder or a hub id, safetensors only.

    A service's key is not here: `key` names one of STEMMA_KEYS, or is empty where none is wanted.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    kind: Literal["openai-chat", "openai-completions", "anthropic", "transformers"] = "openai-chat"
    url: HttpUrl | None = None  # of a service, up to and with the version: https://host/v1
    model: str
    title: str | None = None
    licence: str = ""  # by default: see the terms, or the card
    key: str = ""
    logprobs: bool = True  # asked for; a service that refuses them is asked again without
    context: int | None = Field(None, ge=64)  # tokens that a service's model sees: what is longer is said before it runs
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.url is None and self.kind != "transformers":
            raise ValueError("a service needs its url")
        return self


class PictureSetting(BaseModel):
    """A service that draws: a server of OpenAI's images API, or (`a1111`) of AUTOMATIC1111's: Forge, SD.Next and others, or
    (`comfyui`) a workflow on a server of ComfyUI.

    `key` names one of STEMMA_KEYS, or is empty; of A1111 that key is "user:password".
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    kind: Literal["openai-images", "a1111", "comfyui"] = "openai-images"
    url: HttpUrl  # up to and with the version: https://host/v1; of A1111 and ComfyUI the address of the page
    model: str = ""  # A1111 may do without: it takes the checkpoint that is loaded; a workflow names its own
    workflow: Path | None = None  # of ComfyUI: a file in its API format, or a picture that it made
    inputs: dict[str, str | list[str]] = {}  # of a workflow, where it is not clear what they are for: {"prompt": "6.text"}
    title: str | None = None
    licence: str = ""  # by default: see the terms
    key: str = ""
    dialect: Literal["auto", "openai", "vllm-omni", "sglang", "localai", "sd-server", "plain"] = "auto"  # auto: it is asked
    side: int = Field(1024, ge=256, le=4096)  # pixels of a square; other shapes have about as many
    steps: int | None = Field(None, ge=1, le=200)  # without: the server's own
    guidance: float | None = Field(None, ge=0, le=30)
    extra: dict[str, JsonValue] = {}  # more of the request, as this server calls it: {"true_cfg_scale": 4}
    wait: float = Field(600.0, gt=0, le=86_400)  # seconds for one picture

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if not self.model and self.kind == "openai-images":
            raise ValueError("a service of this kind needs its model")
        if self.workflow is None and self.kind == "comfyui":
            raise ValueError("a ComfyUI needs its workflow")
        return self


class MusicSetting(BaseModel):
    """A model that makes recordings: a folder or a hub id, safetensors only."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    kind: Literal["ace-step", "musicgen"] = "ace-step"
    model: str
    title: str | None = None
    licence: str = ""  # by default: what the kind's published weights have
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    longest: float | None = Field(None, ge=2, le=600)  # seconds; by default what the kind was trained for
    steps: int = Field(8, ge=1, le=200)  # of ACE-Step: turbo weights want 8, the others 30 to 60
    guidance: float | None = Field(None, ge=0, le=30)


class Settings(BaseSettings):
    """Everything that can be set. Secrets come from the environment or files, never from the database."""

    model_config = SettingsConfigDict(env_prefix="STEMMA_", secrets_dir=os.environ.get("STEMMA_SECRETS") or None)

    data: Path = ROOT / "data"
    cache: Path | None = None  # for what can be made again, a converted model say; by default in the data folder
    database: str = ""  # SQLAlchemy URL; empty: SQLite in the data folder
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    expose: bool = False  # allow an address other than loopback
    hosts: str = ""  # further names the studio answers to, separated by commas
    root: str = ""  # the path below which a proxy shows the studio: /stemma where it is https://example.org/stemma/
    proxy: str = ""  # addresses and networks of proxies whose X-Forwarded-Proto and -For are believed, separated by commas
    origins: str = ""  # where browsers see it behind a proxy that changes Host, separated by commas: http://studio.lan:8080
    accounts: bool = False  # people sign in, each with works of their own; without, the studio is one artist's
    engines: list[EngineSetting] = []
    pictures: list[PictureSetting] = []
    texts: list[TextSetting] = []
    music: list[MusicSetting] = []
    keys: dict[str, SecretStr] = {}  # of services, by the name that a setting gives; better in a file of STEMMA_SECRETS
    judge: str = "house"  # or the folder or hub id of a CLIP or SigLIP (safetensors only); empty: none
    fake_engines: bool = False  # engines that fail on purpose, for tests of faults
    attempts: int = Field(3, ge=1, le=100)  # how often a worker may die on a generation before it fails
    queue_limit: int = Field(200, ge=1)  # generations that may wait at once
    max_upload: int = 32 * 1024 * 1024  # bytes
    max_archive: int = 1024 * 1024 * 1024  # bytes of a project's archive that is uploaded
    max_pixels: int = 50_000_000
    silence: float = Field(20.0, gt=0)  # seconds in which nothing more of a request comes, after which it is given up
    device: str = "auto"
    preload: bool = True  # a worker loads the house engines before it takes anything; without, at the first request
    threads: int = Field(0, ge=0)  # torch threads of the worker; 0: all cores but one
    grace: float = 10.0  # seconds a stopping worker gives the running generation
    poll: float = Field(0.05, gt=0)  # seconds between looks at the queue and at progress
    log_level: str = "INFO"
    log_format: Literal["auto", "json", "text"] = "auto"
    example: bool = True  # a new studio opens on a finished example

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for one in _listed(value):
            if origin_of(one) is None:
                raise ValueError(f"{one} is not scheme, host and port alone, as in https://studio.example:8443")
        return value

    @field_validator("root")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        """As it stands in addresses: with a slash before it, without one after it; empty at the top of a host."""
        names = [name for name in value.strip().split("/") if name]
        if not all(NAME.fullmatch(name) and name.strip(".") for name in names):
            raise ValueError(f"{value} is not a path of letters, digits and - . _ ~, as in /stemma")
        return "".join(f"/{name}" for name in names)

    @field_validator("proxy")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for one in _listed(value):
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f"{one} is not an address or a network, as in 127.0.0.1 or 10.0.0.0/8") from None
        return value

    @field_validator("data", "cache")
    @classmethod
    def _can_be_a_folder(cls, value: Path | None) -> Path | None:
        """No wait turns a file into a folder; a folder that is not there yet is made."""
        for there in (value, *value.parents) if value else ():
            if os.path.lexists(there):
                if there.is_file():
                    raise ValueError(f"{there} is a file, where a folder is wanted")
                break
        return value

    @property
    def cache_folder(self) -> Path:
        """Where lies what can be made again."""
        return self.cache or self.data / "cache"

    @property
    def database_url(self) -> str:
        """The studio's own tables."""
        return self.database or f"sqlite:///{self.data / 'stemma.sqlite'}"

    @property
    def database_file(self) -> Path | None:
        """The file of the studio's own tables; None on PostgreSQL."""
        return Path(make_url(self.database_url).database or "") if self.sqlite else None

    @property
    def queue_url(self) -> str:
        """The queue's tables: a file beside the database, or a schema in PostgreSQL."""
        return f"sqlite:///{self.data / 'engine.sqlite'}" if self.sqlite else self.database_url

    @property
    def sqlite(self) -> bool:
        """True for the one-machine tier."""
        return self.database_url.startswith("sqlite")

    @property
    def worker_threads(self) -> int:
        """Torch threads: one core is left to the web, since torch threads spin while they wait."""
        return self.threads or max(1, (os.cpu_count() or 2) - 1)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Host names (without port) the studio answers to."""
        own = {"localhost", "127.0.0.1", "[::1]", "::1", self.host.lower()}
        seen = {one.split("://")[1] for one in self.trusted_origins}
        return frozenset(own | {host.lower() for host in _listed(self.hosts)} | {_without_port(one) for one in seen})

    @property
    def trusted_origins(self) -> frozenset[str]:
        """Origins of the studio's own pages that need not be what the Host header says."""
        return frozenset(found for one in _listed(self.origins) if (found := origin_of(one)))


def _without_port(netloc: str) -> str:
    return netloc if netloc.endswith("]") else netloc.rsplit(":", 1)[0] if ":" in netloc else netloc


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once. Raises StemmaError that names the variables that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        found = (
            (".".join(str(part) for part in one["loc"]), one["msg"].removeprefix("Value error, ")) for one in error.errors()
        )
        wrong = "; ".join(f"STEMMA_{name.upper()}: {said}" for name, said in found)
        raise StemmaError(_("These settings cannot be used. %(wrong)s"), wrong=wrong) from error
    except SettingsError as error:  # no JSON where a list is wanted; it names the field
        raise StemmaError(_("These settings cannot be used. %(wrong)s"), wrong=str(error)) from error
