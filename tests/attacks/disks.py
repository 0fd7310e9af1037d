"""Real disks and clocks that fail: small ones that fill up, one that turns read-only by itself, a clock that is put back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Answers clock_gettime(CLOCK_REALTIME), gettimeofday and time with so many seconds more as the file $CLOCK says.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long ahead(void) {
  long seconds = 0;
  FILE *file = fopen(getenv("CLOCK") ? getenv("CLOCK") : "", "r");
  if (file) { if (fscanf(file, "%ld", &seconds) != 1) seconds = 0; fclose(file); }
  return seconds;
}
int clock_gettime(clockid_t which, struct timespec *found) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int said = real(which, found);
  if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) found->tv_sec += ahead();
  return said;
}
int gettimeofday(struct timeval *restrict found, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  found->tv_sec = now.tv_sec; found->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *found) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (found) *found = now.tv_sec;
  return now.tv_sec;
}
"""


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A disk of that size in memory."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Write a file until the disk is full; the file."""
    filler = disk / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, b"x" * 4096):
            pass
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return filler


class Disk:
    """A disk of ext4 in a file. When the system meets an error on it, it becomes read-only, for all who have files open."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("mkfs.ext4 is not installed (apt-get install e2fsprogs)")
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(megabytes * 2**20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self.image)], check=True)

    def mount(self, *options: str) -> None:
        """Bring it in."""
        _mount("-o", ",".join(("loop", "errors=remount-ro", *options)), str(self.image), str(self.place))

    def break_(self) -> None:
        """Let the kernel find an error on it."""
        device = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self.place)], check=True, capture_output=True, text=True
        ).stdout.strip()
        trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
        if not trigger.exists():
            pytest.skip("this kernel finds no errors on purpose")
        os.sync()
        trigger.write_text("1")

    def mend(self) -> None:
        """Take it out and have it checked, as a person would."""
        self.unmount()
        subprocess.run(["e2fsck", "-fy", str(self.image)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def unmount(self) -> None:
        """Take it out."""
        if self.place.is_mount():
            subprocess.run(["umount", str(self.place)], check=True)


class Clock:
    """The clock of the processes that get `environment`; `put_back` moves it while they run."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler is installed (apt-get install gcc)")
        source, library, self.file = folder / "clock.c", folder / "clock.so", folder / "clock"
        source.write_text(CLOCK)
        self.file.write_text("0")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK": str(self.file)}

    def put_back(self, seconds: int) -> None:
        """By so many seconds, from now on."""
        beside = self.file.with_suffix(".new")
        beside.write_text(str(-seconds))
        beside.replace(self.file)
