"""What tests of faults share: the real command line in processes of its own, on disks and clocks that fail.

Nothing here fakes a function of ours: processes are killed by signal, disks are small or read-only mounts.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builders import FRAMES, toy_rows, write_tiny_encoder
from conftest import make_tiny_bundle

from pipeline.config.tracking import TrackingSettings
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import promote, register_bundle

HOOKS = Path(__file__).parent / "fault_hooks"
COMMAND = (sys.executable, "-m", "pipeline.cli")
KILLED = -9
_PATIENCE = 300  # seconds; a command that takes longer hangs

CODEBOOK = {
    "name": "toy",
    "mode": "multi_label",
    "frames": [
        {"id": frame, "name": frame, "definition": f"Speaks of {frame}.", "examples": [frame]}
        for frame in FRAMES
    ],
}
BASELINE = {"kind": "tfidf", "c_grid": [10.0], "char_ngrams": None, "min_df": 1, "inner_folds": 2}


def transformer(encoder: Path) -> dict[str, Any]:
    """Settings of a transformer of toy size, with a checkpoint every few steps."""
    return {
        "kind": "transformer",
        "encoder": str(write_tiny_encoder(encoder)),
        "epochs": 3,
        "tokens_per_batch": 96,
        "max_tokens": 64,
        "checkpoint_every_steps": 3,
        "device": "cpu",
        "precision": "fp32",
        "scoring": "torch",
    }


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)

    def message(self) -> str:
        """The one line that an error must be; fails on a traceback, on success and on several lines."""
        assert self.code == 1, (self.code, self.stderr[-3000:])
        assert "Traceback" not in self.stderr, self.stderr[-3000:]
        lines = [
            line for line in self.stderr.splitlines() if not line.startswith("[transformers] ")
        ]  # its warnings
        assert len(lines) == 1, self.stderr[-3000:]
        assert lines[0].startswith("Error: "), lines[0]
        return lines[0]


def environment(**more: str) -> dict[str, str]:
    """Ours without what would lead a child to another store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "FAULT_"))}
    return {**kept, "OMP_NUM_THREADS": "1", **more}


def with_hooks(**faults: str) -> dict[str, str]:
    """Environment whose Python processes carry the faults of `fault_hooks/sitecustomize.py`."""
    inherited = os.environ.get("PYTHONPATH")
    return environment(PYTHONPATH=os.pathsep.join(filter(None, (str(HOOKS), inherited))), **faults)


def start(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, prefix: Sequence[str] = ()
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*prefix, *COMMAND, *arguments],
        cwd=folder,
        env=env or environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> Ended:
    stdout, stderr = process.communicate(timeout=_PATIENCE)
    return Ended(process.returncode, stdout, stderr)


def run(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, prefix: Sequence[str] = ()
) -> Ended:
    return finish(start(folder, *arguments, env=env, prefix=prefix))


def run_killed(folder: Path, *arguments: str, after: float) -> Ended:
    """Kill the command after so many seconds; its code is KILLED unless it was faster."""
    process = start(folder, *arguments)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
    return finish(process)


@dataclass
class Killer:
    """Draws moments at which a command is killed: half of them by time, half at a step on the file system.

    A command of several processes, each of which would count steps of its own, has no `steps`: all go by time.
    """

    seed: int
    seconds: float
    steps: int
    drawn: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def run(self, folder: Path, *arguments: str) -> Ended:
        if len(self.drawn) % 2 or not self.steps:
            after = self._random.uniform(0.15, 0.95) * self.seconds
            self.drawn.append(f"{after:.3f} s")
            return run_killed(folder, *arguments, after=after)
        step = self._random.randint(1, self.steps)
        self.drawn.append(f"step {step}")
        return run(folder, *arguments, env=with_hooks(FAULT_DIE_AT=str(step)))


def measure(folder: Path, *arguments: str, counted: Path) -> tuple[float, int, Ended]:
    """Run the command whole: its seconds, its steps on the file system, and how it ended."""
    began = time.monotonic()
    ended = run(folder, *arguments, env=with_hooks(FAULT_COUNT_FILE=str(counted)))
    assert ended.code == 0, ended.stderr
    return time.monotonic() - began, int(counted.read_text(encoding="utf-8")), ended


def write_project(folder: Path, model: dict[str, Any] | None = None, n: int = 90, **changes: Any) -> Path:
    """A config with toy labels and codebook in `folder`; store and bundles go below it as well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "codebook.yaml").write_text(json.dumps(CODEBOOK, ensure_ascii=False), encoding="utf-8")
    table = toy_rows(n).table
    rows = [
        {"id": f"r{i}", "text": text, "labels": list(labels), "group": f"g{i}"}
        for i, (text, labels) in enumerate(zip(table["text"], table["labels"], strict=True))
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "labelled.jsonl").write_text(lines, encoding="utf-8")
    config = {
        "name": "toy",
        "data": {"codebook": "codebook.yaml", "labelled": "labelled.jsonl"},
        "model": model or BASELINE,
        "decisions": {"minimum_positives": 1, "rare_frames": "warn"},
        "evaluation": {"bootstrap_samples": 100},
        "tracking": {"register_as": "toy"},
        **changes,
    }
    path = folder / "run.yaml"
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return path


def write_registry(folder: Path, thresholds: Sequence[float]) -> None:
    """A store in `folder` with a version of "toy" for each threshold; the first is champion. Made in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    for threshold in thresholds:
        bundle = make_tiny_bundle(folder.with_name(f"bundle-{threshold}"), threshold=threshold)
        with MlflowTracker.start(TrackingSettings(uri=uri), "run") as tracker:
            tracker.log_bundle(bundle.folder)
        register_bundle(tracker.run_id, "toy", bundle.manifest, macro_f1=None, uri=uri)
    promote("toy", 1, "first", uri=uri)


def write_export(path: Path, numbers: Sequence[int], ending: str = "", **values: Any) -> Path:
    """A JSON-lines export of posts whose texts carry the toy frames' words."""
    words = ("great powers balance", "missile border base", "переговоры мир договор", "weather football")
    rows = [
        {
            "channel": f"channel_{i % 3}",
            "message_id": i,
            "published_at": f"2024-{1 + i % 12:02}-{1 + i % 28:02}T10:00:00Z",
            "text": f"We speak of {words[i % 4]} today. And of {words[i // 4 % 4]}, {i}.{ending}",
            **values,
        }
        for i in numbers
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# Disks


@dataclass
class SmallDisk:
    """A folder on a file system of its own, seen by processes that start with `prefix`."""

    folder: Path
    method: str
    prefix: tuple[str, ...]

    def run(self, *arguments: str, **faults: str) -> Ended:
        env = environment(TMPDIR=str(self.folder), **faults)
        return run(self.folder, *arguments, env=env, prefix=self.prefix)

    def shell(self, line: str) -> str:
        done = subprocess.run(
            [*self.prefix, "sh", "-ec", line], cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def resize(self, size: str) -> None:
        self.shell(f"mount -o remount,size={size} '{self.folder}'")


def can_mount() -> bool:
    """Whether a process of this user may mount in a namespace of its own."""
    tried = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    try:
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextmanager
def mounted(mount: str, folder: Path) -> Iterator[SmallDisk]:
    """Keep a mount namespace with `mount` done in it; prefix commands to let them see it."""
    holder = subprocess.Popen(
        ["unshare", "-rm", "sh", "-ec", f"{mount}; echo ready; exec sleep 3000"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        enter = ("nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials")
        enter += ("sh", "-c", 'cd "$0" && exec "$@"', str(folder))
        yield SmallDisk(folder, "mount namespace", enter)
    finally:
        holder.kill()
        holder.communicate()


def small_disk(folder: Path, size: str) -> Any:
    """A tmpfs of this size at `folder` (which must be there)."""
    return mounted(f"mount -t tmpfs -o size={size} none '{folder}'", folder)


def read_only(folder: Path) -> Any:
    """`folder` cannot be written to, not even by root."""
    quoted = f"'{folder}'"
    return mounted(f"mount --bind {quoted} {quoted}; mount -o remount,bind,ro {quoted}", folder)
