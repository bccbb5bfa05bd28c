"""Loaded by every Python process that has this folder in PYTHONPATH: makes it die, or see a clock that is wrong.

FAULT_DIE_AT=n kills the process before its n-th call (from 1) of those that change what is on the disk; with
FAULT_COUNT_FILE the number of such calls is written there when the process ends. FAULT_CLOCK holds lines
"AFTER SHIFT": once so many such calls were made, the clock is off by so many seconds, for `time` and for the
`datetime` that modules of pipeline import (compiled libraries build on the real class).
"""

import atexit
import builtins
import datetime as dt
import os
import signal
import sqlite3
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

_DISK_CALLS = ("rename", "replace", "link", "mkdir", "rmdir", "unlink", "fsync")
_die_at = int(os.environ.get("FAULT_DIE_AT", "0"))
_steps = [
    (int(after), float(shift))
    for after, shift in (line.split() for line in os.environ.get("FAULT_CLOCK", "").splitlines())
]
_calls = 0
_lock = threading.Lock()
_real_time, _real_time_ns, _real_datetime = time.time, time.time_ns, dt.datetime


def _step() -> None:
    global _calls  # noqa: PLW0603 - one counter for the process
    with _lock:
        _calls += 1
        if _calls == _die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _counted(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        _step()
        return original(*arguments, **options)

    return call


class _Connection(sqlite3.Connection):
    """A step before each commit, so that a process can die with all of a transaction done but its end."""

    def commit(self) -> None:
        if self.in_transaction:
            _step()
        super().commit()


def _connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
    return _real_connect(*arguments, **{"factory": _Connection, **options})


def _shift() -> float:
    """Seconds that the clock is off at this moment."""
    return max(((after, shift) for after, shift in _steps if _calls >= after), default=(0, 0.0))[1]


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _real_datetime)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, _real_datetime)


class _Stepped(_real_datetime, metaclass=_Kind):  # type: ignore[misc,valid-type]
    """Makes instances of the real class, by a clock that is off."""

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        return _real_datetime(*arguments, **options)  # type: ignore[return-value]

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        return _real_datetime.fromtimestamp(time.time(), tz)  # type: ignore[return-value]

    @classmethod
    def utcnow(cls) -> Self:
        return _real_datetime.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)  # type: ignore[return-value]


def _import(name: str, *arguments: Any, **options: Any) -> Any:
    importing = options.get("globals", arguments[0] if arguments else None) or {}
    if name == "datetime" and str(importing.get("__name__")).startswith("pipeline."):
        return _stepped_module
    return _real_import(name, *arguments, **options)


_real_import = builtins.__import__
_real_connect = sqlite3.dbapi2.connect
if _die_at or "FAULT_COUNT_FILE" in os.environ or _steps:
    for _name in _DISK_CALLS:
        setattr(os, _name, _counted(getattr(os, _name)))
    sqlite3.connect = sqlite3.dbapi2.connect = _connect
if "FAULT_COUNT_FILE" in os.environ:
    _file = Path(os.environ["FAULT_COUNT_FILE"])
    atexit.register(lambda: _file.write_text(str(_calls), encoding="utf-8"))
if _steps:
    time.time = lambda: _real_time() + _shift()
    time.time_ns = lambda: _real_time_ns() + int(_shift() * 1e9)
    _stepped_module = types.ModuleType("datetime")
    _stepped_module.__dict__.update(vars(dt), datetime=_Stepped)
    builtins.__import__ = _import
