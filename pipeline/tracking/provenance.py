"""Where a result comes from: interpreter, library versions, machine, commit, time."""

import getpass
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "narrative-frames",
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "transformers",
    "tokenizers",
    "onnx",
    "onnxruntime",
    "datasets",
    "mlflow",
)
_GIT_SECONDS = 10

USER_VARIABLE = "NARRATIVE_FRAMES_USER"


def collect_provenance() -> dict[str, Any]:
    """Plain values for a bundle's manifest.

    Versions are read from the installed packages' metadata: none of them is imported. A package that is not
    installed is null, and so are commit and dirty flag outside a git checkout or without git.
    """
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "omp_num_threads": os.environ.get(
            "OMP_NUM_THREADS"
        ),  # a transformer's hash depends on it; null: all cores
        "packages": {name: installed_version(name) for name in PACKAGES},
        "git": describe_checkout(Path.cwd()),
    }


def installed_version(package: str) -> str | None:
    """Version of an installed package; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def current_user() -> str:
    """Name of the account that runs this; "unknown" where it has none, as in some containers.

    The environment's NARRATIVE_FRAMES_USER takes its place, such as a desk's name, or "unknown" where it is empty.
    """
    chosen = os.environ.get(USER_VARIABLE)
    if chosen is not None:
        return chosen.strip() or "unknown"
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def describe_checkout(folder: Path) -> dict[str, Any]:
    """Commit of the git checkout that `folder` lies in, and whether tracked files differ from it."""
    commit = _ask_git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return {"commit": None, "dirty": None}
    changes = _ask_git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _ask_git(folder: Path, *arguments: str) -> str | None:
    """What git answers; None where there is no git, no checkout or no answer in time."""
    git = shutil.which("git")
    if git is None:
        return None
    # A checkout's own configuration may name a program to watch its files; a question must not start it.
    command = [git, "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            command,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace").strip()
