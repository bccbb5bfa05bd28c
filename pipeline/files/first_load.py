"""The first load of something from elsewhere is tried in a process of its own, with limits on memory and time.

What was made here, or passed once, is remembered by its hash, so that it is loaded at once. The limits are those of the
system (`resource`); where it has none, the time alone is limited.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from pipeline.errors import ModelError, PipelineError, shorten
from pipeline.files.safe_text import safe_text
from pipeline.files.user_cache import user_cache

VARIABLE: Final = "NARRATIVE_FRAMES_FIRST_LOAD"  # "off": nothing is tried first
_KEPT: Final = "loaded"  # folder in the user's cache
_BYTES: Final = 2 << 30  # what the libraries and a batch need; a small model takes an eighth of it
_TIMES: Final = 4  # the size of the files: they are read, converted and copied
_SECONDS: Final = 120
_SECONDS_PER_GIB: Final = 180
_REFUSED: Final = 3  # exit status of a trial that ended with a message
_TRIAL: Final = """
import sys
from pathlib import Path
from pipeline.files.first_load import answer, limit
limit(int(sys.argv[2]), int(sys.argv[3]))
from pipeline.bundle import try_bundle
sys.exit(answer(lambda: try_bundle(Path(sys.argv[1]))))
"""


def is_known(digest: str) -> bool:
    """Whether what has this hash was made or tried here before."""
    with suppress(OSError, RuntimeError):  # no home folder, or one that cannot be read
        return (user_cache(_KEPT) / _name(digest)).is_file()
    return False


def remember(digest: str) -> None:
    """Note that what has this hash was made here, or passed; where nothing can be kept, it is tried each time."""
    if os.environ.get(VARIABLE) == "off":
        return
    with suppress(OSError, RuntimeError):
        user_cache(_KEPT).mkdir(parents=True, exist_ok=True)
        (user_cache(_KEPT) / _name(digest)).touch()


def require_trial(folder: Path, digest: str) -> None:
    """Try a bundle in a process of its own unless it is known.

    Args:
        folder: of the bundle, its files verified.
        digest: that stands for all of its files.

    Raises:
        ModelError: it cannot be loaded, or takes more memory or time than it may.
    """
    if os.environ.get(VARIABLE) == "off" or is_known(digest):
        return
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    n_bytes, seconds = _BYTES + _TIMES * size, _SECONDS + _SECONDS_PER_GIB * size // (1 << 30)
    _try(folder, n_bytes, seconds)
    remember(digest)


def _try(folder: Path, n_bytes: int, seconds: int) -> None:
    limits = f"{n_bytes / (1 << 30):.1f} GiB and {seconds} s"
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [sys.executable, "-P", "-c", _TRIAL, str(folder.absolute()), str(n_bytes), str(seconds)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **_environment()},
        )
    except subprocess.TimeoutExpired:
        raise _refusal(folder, limits, "the time was over") from None
    if done.returncode == _REFUSED:
        raise ModelError(str(json.loads(done.stdout.decode("utf-8", "replace").rpartition("\n")[2])))
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        raise _refusal(folder, limits, f"it ended with {done.returncode}: {shorten(safe_text(last), 160)}")


def _refusal(folder: Path, limits: str, what: str) -> ModelError:
    return ModelError(
        f"{folder}: refused: it was never loaded on this machine, so it was tried in a process of its own first, with "
        f"{limits}, and {what}. If you trust who made it and it is as large as that: {VARIABLE}=off"
    )


def limit(n_bytes: int, seconds: int) -> None:
    """Limit this process; called in the trial before anything of the bundle is read."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_DATA, n_bytes), (resource.RLIMIT_CPU, seconds)):
        with suppress(ValueError, OSError):  # less is allowed already
            resource.setrlimit(kind, (most, most))


def answer(work: Callable[[], None]) -> int:
    """Run the trial; what a user can mend is printed for the process that waits, as JSON on the last line."""
    try:
        work()
    except PipelineError as error:
        sys.stdout.write("\n" + json.dumps(str(error)))
        return _REFUSED
    return 0


def _environment() -> dict[str, str]:
    """One thread, so that the limits mean the same on every machine; and where this package is."""
    found = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
    }


def _name(digest: str) -> str:
    """A name that leads nowhere else, whatever a manifest calls its hash."""
    return hashlib.sha256(digest.encode("utf-8", "replace")).hexdigest()
