"""Every answer of a language model, kept: nothing is asked or paid for twice, and figures can be had again offline.

One SQLite file with one row a call, found by a hash over server, model, settings, prompt, schema and text. It holds
answers and no texts, prompts or keys; an answer may quote its text, as reasons do. A row is on its way
to the disk before the answer is used, so a killed run has lost only the calls that were open.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pipeline.errors import DataError, ModelError, shorten

Status = Literal["answered", "bad", "refused", "failed"]

_FORMAT: Final = 1
_SECONDS_TO_WAIT: Final = 30.0
_PAUSE: Final = 0.01  # seconds
_TABLES: Final = (
    """
CREATE TABLE calls (
    key BLOB PRIMARY KEY,
    status TEXT NOT NULL,
    content TEXT,
    graded TEXT,
    reason TEXT NOT NULL,
    prompt BLOB NOT NULL,
    model TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    seconds REAL NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) WITHOUT ROWID
""",
    """
CREATE TABLE servers (
    server TEXT NOT NULL,
    model TEXT NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (server, model)
) WITHOUT ROWID
""",
)
_PARTS: Final = {("table", "calls"), ("table", "servers")}
_COLUMNS: Final = "status, content, graded, reason, model, fingerprint, input_tokens, output_tokens, seconds"


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call and what came of it.

    Attributes:
        status: "answered"; "bad", an answer that cannot be read; "refused" by the server; "failed", which is asked
            again in the next run.
        content: the answer, where there is one.
        graded: P(true) of each frame asked about, where the server gave them.
        reason: why there is no usable answer.
        model: name that the server gave.
        fingerprint: that the server gave.
        input_tokens, output_tokens: by the server's count.
        seconds: that the call took.
    """

    status: Status
    content: str | None
    graded: tuple[float, ...] | None
    reason: str
    model: str
    fingerprint: str
    input_tokens: int
    output_tokens: int
    seconds: float


class KeptCalls:
    """The file while it is open; several threads and processes may use it at once.

    Args:
        path: of the file, made where it is missing.
        read_only: it may come from a stranger, and nothing is written to it.

    Raises:
        DataError: missing and only to be read, or no file of this kind.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self._read_only, self._lock = path, read_only, threading.Lock()
        if read_only and not path.is_file():
            raise DataError(
                f"{path}: no such file; expected the kept calls of the run that is to be replayed"
            )
        with self._explain():
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
                uri=True,
                timeout=_SECONDS_TO_WAIT,
                check_same_thread=False,
                isolation_level=None,
            )
            self._connection.execute("PRAGMA trusted_schema=OFF")  # a stranger's file may hold functions
            self._open_format()

    def _open_format(self) -> None:
        # In one transaction: of two processes that find no file, the second waits and finds the first one's.
        self._connection.execute("BEGIN" if self._read_only else "BEGIN IMMEDIATE")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        parts = set(self._connection.execute("SELECT type, name FROM sqlite_master"))
        is_new = version == 0 and not parts and not self._read_only
        if not is_new and (version != _FORMAT or parts != _PARTS):  # a view in place of a table may never end
            self._connection.close()
            raise DataError(
                f"{self.path}: not a file of kept calls that this version reads; give another model.calls"
            )
        if is_new:
            for table in _TABLES:
                self._connection.execute(table)
            self._connection.execute(f"PRAGMA user_version={_FORMAT}")
        self._connection.execute("COMMIT")
        if not self._read_only:
            self._begin_log()
            # A kill loses nothing, a power cut the last rows
            self._connection.execute("PRAGMA synchronous=NORMAL")

    def _begin_log(self) -> None:
        """Write ahead from now on; SQLite itself does not wait where another opens or closes the file just now."""
        until = time.monotonic() + _SECONDS_TO_WAIT
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def close(self) -> None:
        """Leave one plain file behind, where nobody else has it open."""
        with self._lock, suppress(sqlite3.Error):
            if not self._read_only:
                self._connection.execute("PRAGMA busy_timeout=0")
                self._connection.execute("PRAGMA journal_mode=DELETE")
        self._connection.close()

    def find(self, key: bytes) -> KeptCall | None:
        """What is kept of a call."""
        with self._lock, self._explain():
            row = self._connection.execute(f"SELECT {_COLUMNS} FROM calls WHERE key = ?", (key,)).fetchone()  # noqa: S608 - our own names
        return None if row is None else self._read(row)

    def keep(self, key: bytes, prompt: bytes, call: KeptCall) -> None:
        """Write a call; one that failed before gives way.

        Args:
            key: hash of all that was asked.
            prompt: hash of what was asked besides the text.
            call: what came of it.
        """
        graded = None if call.graded is None else json.dumps(call.graded)
        values = (key, call.status, call.content, graded, call.reason, prompt, call.model, call.fingerprint)
        numbers = (call.input_tokens, call.output_tokens, call.seconds)
        with self._lock, self._explain():
            self._connection.execute(
                "INSERT OR REPLACE INTO calls (key, status, content, graded, reason, prompt, model, fingerprint, "
                "input_tokens, output_tokens, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, *numbers),
            )

    def find_form(self, server: str, model: str) -> str | None:
        """How a server was found to answer, as `keep_form` was told."""
        with self._lock, self._explain():
            row = self._connection.execute(
                "SELECT form FROM servers WHERE server = ? AND model = ?", (server, model)
            ).fetchone()
        return None if row is None else str(row[0])

    def keep_form(self, server: str, model: str, form: str) -> None:
        """Remember how a server answers."""
        with self._lock, self._explain():
            self._connection.execute("INSERT OR REPLACE INTO servers VALUES (?, ?, ?)", (server, model, form))

    def _read(self, row: tuple[Any, ...]) -> KeptCall:
        """A row, which in a stranger's file may hold anything."""
        status, content, graded, reason, model, fingerprint, tokens_in, tokens_out, seconds = row
        try:
            call = KeptCall(
                status,
                None if content is None else str(content),
                None if graded is None else tuple(float(value) for value in json.loads(graded)),
                str(reason),
                str(model),
                str(fingerprint),
                int(tokens_in),
                int(tokens_out),
                float(seconds),
            )
        except (ValueError, TypeError, RecursionError):
            call = None
        if (
            call is None
            or call.status not in get_args(Status)
            or not all(0 <= value <= 1 for value in call.graded or ())
        ):
            raise DataError(f"{self.path}: holds a call that cannot be read; the file is damaged")
        return call

    @contextmanager
    def _explain(self) -> Iterator[None]:
        try:
            yield
        except (
            sqlite3.Error,
            UnicodeDecodeError,
        ) as error:  # the latter where a message quotes what is no text
            raise DataError(f"{self.path}: the kept calls cannot be used: {shorten(error)}") from None
        except OSError as error:
            raise ModelError(f"{self.path}: {error.strerror}") from None
