"""`frames doctor`: everything that an installation needs, looked at piece by piece.

Nothing that may be broken is loaded here: libraries are tried in a process of their own, and each check that
fails in a way nobody foresaw is reported as such while the others go on.
"""

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from pipeline.commands.requirements import DISTRIBUTION, find_misfits, own_distribution, read_declared
from pipeline.errors import PipelineError
from pipeline.files.cores import count_cores
from pipeline.no_telemetry import SETTINGS

Status = Literal["ok", "note", "wrong"]

LOADED: Final = (  # each group in a process of its own, side by side
    ("numpy", "scipy", "pandas", "pyarrow", "duckdb", "lxml.etree", "sklearn", "mlflow"),
    ("onnxruntime", "torch", "transformers"),
)
SLOW: Final = {
    "loading": "loading the libraries with compiled parts takes some seconds (not with --quick) ..."
}
EXTRAS: Final = {
    "multilingual": "an encoder of a hundred languages, read offline",
    "xlsx": "samples and codings as spreadsheets",
    "cleanlab": "frames suspects",
    "llm": "model.kind: llm and frames label-llm",
    "sweep": "frames sweep",
    "ray": "scoring on a cluster",
    "spark": "a registered model as a column function of Spark",
    "bench": "the SetFit rival of the quality benchmark",
}
NEEDED_SPACE: Final = 300_000_000  # bytes: one checkpoint of the embedded encoder with its optimiser's state
AMPLE_SPACE: Final = 2_000_000_000  # bytes
_NETWORK_SETTINGS = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HOME", "HF_ENDPOINT")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_TABLE_CHARACTERS = "…–±─Ж"  # noqa: RUF001 - what tables and posts are printed with
_SAME_AS = {
    "true": {"true", "1", "yes", "on"},
    "1": {"true", "1", "yes", "on"},
    "0": {"false", "0", "no", "off"},
}
_LOAD_SECONDS = 300
_LOADER = """
import importlib, os, sys
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
for name in sys.argv[1:]:
    print("loading", name, flush=True)
    importlib.import_module(name)
torch = sys.modules.get("torch")
if torch is not None and torch.cuda.is_available():
    print("gpu", torch.cuda.get_device_name(0))
elif torch is not None and torch.backends.mps.is_available():
    print("gpu Apple's (mps), on which nobody has tried the training: --set model.device=cpu leaves it out")
print("done")
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: what was looked at.
        status: "ok"; "note", which stops nothing; "wrong", which is needed and has to be mended.
        found: in words.
        remedy: what to do about it; empty where nothing has to be done.
    """

    check: str
    status: Status
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def check_installation() -> Iterator[Finding]:
    """The package's own version and place."""
    found = f"{DISTRIBUTION} {own_distribution().version} in {Path(__file__).parents[1]}"
    yield Finding("installation", "ok", found)


def check_python() -> Iterator[Finding]:
    """The interpreter against the package's range."""
    from packaging.specifiers import SpecifierSet

    needed = read_declared().python
    version = platform.python_version()
    fits = SpecifierSet(needed).contains(version, prereleases=True)
    yield Finding(
        "python",
        "ok" if fits else "wrong",
        f"{version} in {sys.prefix}, needed {needed}",
        "" if fits else f"install Python {needed} and make the virtual environment with it",
    )


def check_libraries() -> Iterator[Finding]:
    """Versions of needed libraries against the package's ranges; one finding for each that does not fit."""
    needed = read_declared().libraries[""]
    misfits = list(find_misfits(needed))
    yield from (Finding(misfit.name, "wrong", misfit.found, misfit.remedy) for misfit in misfits)
    if not misfits:
        yield Finding("libraries", "ok", f"{len(needed)} needed libraries are installed, all in their ranges")


def check_loading(groups: tuple[tuple[str, ...], ...] = LOADED) -> Iterator[Finding]:
    """Whether libraries with compiled parts load, and whether torch has a GPU."""
    with ThreadPoolExecutor(len(groups)) as pool:
        for findings in pool.map(_load, groups):
            yield from findings


def _load(names: tuple[str, ...]) -> list[Finding]:
    """Load libraries in a process of their own, one after the other."""
    done = subprocess.run(  # noqa: S603 - this interpreter, fixed code
        [sys.executable, "-P", "-c", _LOADER, *names],
        capture_output=True,
        text=True,
        timeout=_LOAD_SECONDS,
        check=False,
    )
    lines = done.stdout.splitlines()
    if "done" not in lines:
        last = next((line.removeprefix("loading ") for line in reversed(lines)), "python")
        reason = (done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"])[
            -1
        ]
        remedy = f"install it again: pip install --force-reinstall --no-deps {last.partition('.')[0]}"
        return [Finding("loading", "wrong", f"{last} cannot be loaded: {reason}", remedy)]
    findings = [Finding("loading", "ok", f"{', '.join(names)} load")]
    if "torch" in names:
        card = next((line.removeprefix("gpu ") for line in lines if line.startswith("gpu ")), None)
        findings.append(
            Finding("gpu", "ok", card or "none that torch can use: training runs on the processor")
        )
    return findings


def check_encoder() -> Iterator[Finding]:
    """The files of the embedded encoders that are installed, and their weights against those known."""
    from pipeline.classifiers.encoder import packed_e5
    from pipeline.classifiers.encoder.encoders import EMBEDDED, MULTILINGUAL, find_encoder

    for name in (EMBEDDED, MULTILINGUAL) if packed_e5.is_installed() else (EMBEDDED,):
        encoder = find_encoder(name)
        yield Finding("encoder", "ok", f"{encoder.name}, the known weights (sha256 {encoder.weights_sha256})")


def check_store(uri: str | None = None) -> Iterator[Finding]:
    """The MLflow store that a run would be recorded in: a file that can be written, or a server that answers."""
    from pipeline.tracking.store_uri import resolve_store_uri, sqlite_path, without_password

    resolved = resolve_store_uri(uri)
    path = sqlite_path(resolved)
    if path is None:
        from pipeline.tracking.mlflow_store import open_store

        open_store(resolved, create=False)
        yield Finding("store", "ok", f"{without_password(resolved)} answers")
    elif path.exists():
        _try_sqlite(path)
        yield Finding("store", "ok", f"{path} can be written")
    else:
        _try_folder(next(parent for parent in path.parents if parent.exists()))
        yield Finding("store", "ok", f"{path} does not exist yet; the first run makes it")


def check_space(folder: Path | None = None, *, needed: int = NEEDED_SPACE) -> Iterator[Finding]:
    """Room on the disk, `needed` in bytes, and whether the current folder can be written."""
    place = folder or Path.cwd()
    _try_folder(place)
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free in {place}"
    remedy = "make room, or work in a folder on another disk"
    if free < needed:
        yield Finding("disk", "wrong", f"{found}, training needs {needed / 1e9:.1f} GB", remedy)
    elif free < AMPLE_SPACE:
        yield Finding("disk", "note", f"{found}: little for large outputs", remedy)
    else:
        yield Finding("disk", "ok", found)


def check_processor() -> Iterator[Finding]:
    """Cores, threads that libraries will use, memory."""
    cores = count_cores()
    found = f"{cores} cores"
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        found += f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.1f} GB of memory"
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads is None:
        yield Finding("processor", "ok", f"{found}, all cores are used")
    elif not threads.isdecimal() or not 1 <= int(threads) <= cores:
        found += f", but OMP_NUM_THREADS is '{threads}'"
        yield Finding("processor", "note", found, f"set it to a number from 1 to {cores}, or unset it")
    else:
        yield Finding("processor", "ok", f"{found}, {threads} of them used (OMP_NUM_THREADS)")


def check_terminal() -> Iterator[Finding]:
    """Whether the terminal's encoding has the characters that tables and posts are written in."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        _TABLE_CHARACTERS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        found = f"the encoding of standard output, {encoding}, lacks characters of tables and posts"
        yield Finding("terminal", "wrong", found, "set PYTHONUTF8=1, or a UTF-8 locale")
    else:
        yield Finding("terminal", "ok", encoding)


def check_extras() -> Iterator[Finding]:
    """Optional parts: there, or how to get them."""
    declared = read_declared().libraries
    for extra, purpose in EXTRAS.items():
        if extra not in declared:
            continue  # the metadata of an older installation
        faults = "; ".join(misfit.found for misfit in find_misfits(declared[extra]))
        if faults:
            remedy = f"if you want it: pip install '{DISTRIBUTION}[{extra}]'"
            yield Finding(f"extra {extra}", "note", f"{purpose}: {faults}", remedy)
        else:
            yield Finding(f"extra {extra}", "ok", purpose)


def check_network() -> Iterator[Finding]:
    """Settings that say what may be fetched, and through what. Values of proxies hold passwords: not shown."""
    shown = [f"{name}={value}" for name in _NETWORK_SETTINGS if (value := os.environ.get(name))]
    shown += [f"{name} is set" for name in _PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
    setting = ", ".join(shown) or "no settings"
    yield Finding("network", "ok", f"{setting}; only model.allow_download fetches anything, an encoder")
    reporting = [
        name for name, off in SETTINGS.items() if os.environ.get(name, off).lower() not in _SAME_AS[off]
    ]
    if reporting:
        found = f"libraries may report their use to their makers: {', '.join(reporting)} set by you"
        yield Finding("telemetry", "note", found, "unset it: frames turns such reports off")


CHECKS: Final[dict[str, Callable[[], Iterator[Finding]]]] = {
    "installation": check_installation,
    "python": check_python,
    "libraries": check_libraries,
    "loading": check_loading,
    "encoder": check_encoder,
    "store": check_store,
    "disk": check_space,
    "processor": check_processor,
    "terminal": check_terminal,
    "extras": check_extras,
    "network": check_network,
}


def examine(*, quick: bool = False, announce: Callable[[str], None] | None = None) -> Iterator[Finding]:
    """All checks one after the other, each as soon as it is done; none of them stops the others.

    Args:
        quick: leave out those that take seconds.
        announce: is told in words what takes seconds, before it begins.
    """
    for name, check in CHECKS.items():
        if name in SLOW:
            if quick:
                continue
            if announce is not None:
                announce(SLOW[name])
        try:
            yield from check()
        except PipelineError as error:
            yield Finding(name, "wrong", str(error))
        except Exception as error:  # noqa: BLE001 - a broken installation breaks in ways nobody listed
            remedy = "make a new virtual environment and install again, as the README says"
            yield Finding(name, "wrong", f"this check failed: {type(error).__name__}: {error}", remedy)


def _try_sqlite(path: Path) -> None:
    """Take and give back the right to write, which changes nothing."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=1)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise PipelineError(
            f"the MLflow store {path} cannot be written: {error}; mend its rights, or name another store in "
            "tracking.uri or MLFLOW_TRACKING_URI"
        ) from None


def _try_folder(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PipelineError(f"{folder} cannot be written: {error.strerror}; work in another folder") from None
