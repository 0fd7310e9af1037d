"""What goes wrong in an operator's first hour ends in a sentence, in the terminal's language, with nothing half done."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.commands.backup import ROWS, backup
from app.commands.restore import restore
from app.settings import ROOT, Settings
from app.storage.migrations import NewerError
from tests.running import Running, until

LANGUAGES = pytest.mark.parametrize(
    ("language", "taken", "newer"), [("C.UTF-8", "is taken", "newer"), ("zh_CN.UTF-8", "被占用", "更新的版本")]
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Another program that listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other


def in_language(running: Running, language: str) -> Running:
    running.environment |= {"LC_ALL": language, "PYTHONUTF8": "1"}
    return running


def everything(folder: Path) -> dict[str, bytes]:
    """The files below a folder, without what SQLite keeps beside a database that somebody looked into."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@LANGUAGES
def test_a_taken_port_is_a_sentence_and_an_end(
    tmp_path: Path, listener: socket.socket, language: str, taken: str, newer: str
) -> None:
    running = in_language(Running(tmp_path, {"STEMMA_PORT": str(listener.getsockname()[1])}), language)
    refused = running.run("studio")
    assert refused.returncode == os.EX_UNAVAILABLE
    assert taken in refused.stderr
    assert "STEMMA_PORT" in refused.stderr
    assert "http://" not in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not running.data.exists()


def test_the_web_alone_says_so_too(tmp_path: Path, listener: socket.socket) -> None:
    running = Running(tmp_path)
    assert running.run("migrate").returncode == 0
    running.environment["STEMMA_PORT"] = str(listener.getsockname()[1])
    refused = running.run("serve")
    assert refused.returncode == os.EX_UNAVAILABLE
    assert "is taken" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_studio_ends_when_its_web_finds_the_port_taken(tmp_path: Path) -> None:
    """The port is free when the studio looks, and taken when its web does: the worker is ended with it."""
    running = Running(tmp_path, {"STEMMA_PRELOAD": "0", "STEMMA_GRACE": "1"})
    with running.log.open("ab") as log:
        line = [sys.executable, "-m", "app.cli", "studio"]
        process = subprocess.Popen(line, env=running.environment, cwd=ROOT, stdout=log, stderr=log)
    running.processes["studio"] = process
    try:
        until(lambda: "Stemma: http" in running.log.read_text(), 90, "the address")
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", running.port))
            other.listen()
            assert process.wait(60) == os.EX_UNAVAILABLE
        assert "is taken" in running.log.read_text()
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("name", "value"), [("STEMMA_PORT", "99999"), ("STEMMA_ORIGINS", "studio.lan"), ("STEMMA_ENGINES", "{")]
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    refused = Running(tmp_path, {name: value}).run("migrate")
    assert refused.returncode == 1
    assert name.removeprefix("STEMMA_") in refused.stderr.upper()
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_host_of_another_machine_is_a_sentence(tmp_path: Path) -> None:
    refused = Running(tmp_path, {"STEMMA_HOST": "192.0.2.1", "STEMMA_EXPOSE": "1"}).run("studio")
    assert refused.returncode == os.EX_UNAVAILABLE
    assert "cannot listen on 192.0.2.1" in refused.stderr
    assert "Traceback" not in refused.stderr


@LANGUAGES
def test_data_of_a_newer_version_is_left_alone(migrated: Path, tmp_path: Path, language: str, taken: str, newer: str) -> None:
    running = in_language(Running(tmp_path), language)
    shutil.copytree(migrated, running.data)
    with closing(sqlite3.connect(running.data / "stemma.sqlite")) as rows, rows:
        rows.execute("UPDATE alembic_version SET version_num = '0099'")
    there = everything(running.data)
    for name in ("studio", "migrate", "serve", "worker"):
        refused = running.run(name)
        assert refused.returncode == 1, name
        assert newer in refused.stderr, (name, refused.stderr)
        assert "0099" in refused.stderr
        assert "Traceback" not in refused.stderr, name
    assert everything(running.data) == there


def test_a_backup_of_a_newer_version_changes_nothing_and_a_good_one_comes_in_after_it(
    config: Settings, revision: str, tmp_path: Path
) -> None:
    good, newer = tmp_path / "good.tar", tmp_path / "newer.tar"
    backup(config, good)
    with tarfile.open(good) as archive:
        archive.extractall(tmp_path / "open", filter="data")
    with closing(sqlite3.connect(tmp_path / "open" / ROWS)) as rows, rows:
        rows.execute("UPDATE alembic_version SET version_num = '0099'")
    with tarfile.open(newer, "w") as archive:
        archive.add(tmp_path / "open", "")
    again = Settings(data=tmp_path / "again")
    with pytest.raises(NewerError, match="0099"):
        restore(again, newer)
    assert everything(again.data) == {}
    assert restore(again, good) == 1


@pytest.mark.parametrize(("language", "said"), [("C.UTF-8", "Nothing can be written in"), ("zh_CN.UTF-8", "无法写入")])
def test_a_folder_that_cannot_be_written_is_a_sentence_and_an_end(tmp_path: Path, language: str, said: str) -> None:
    place = "/sys/stemma"  # where nobody, root included, makes a folder
    running = in_language(Running(tmp_path, {"STEMMA_DATA": place}), language)
    for command in ("studio", "migrate"):
        refused = running.run(command)
        assert refused.returncode == 1, command
        assert "Traceback" not in refused.stderr, command
        assert refused.stderr.startswith("stemma: "), command
    refused = running.run("studio")
    assert said in refused.stderr
    assert place in refused.stderr


@pytest.mark.parametrize("setting", ["STEMMA_DATA", "STEMMA_CACHE"])
@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_file_where_a_folder_is_wanted_is_a_sentence_and_an_end(tmp_path: Path, setting: str, below: str) -> None:
    (tmp_path / "file").write_text("an artist's")
    refused = Running(tmp_path, {setting: str(tmp_path / "file" / below)}).run("studio")
    assert refused.returncode != 0
    assert f"{tmp_path / 'file'} is a file, where a folder is wanted" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (tmp_path / "file").read_text() == "an artist's"
