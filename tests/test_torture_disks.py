"""A full disk and a disk that cannot be written to: one line that says what and where, and the same command again.

The small disk is a tmpfs in a mount namespace (`unshare -rm`), the read-only one a bind mount there, which binds root
as well. Where namespaces are not allowed, RLIMIT_FSIZE stands for the small disk, and read-only tests are skipped.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults import (
    Ended,
    SmallDisk,
    can_mount,
    environment,
    read_only,
    run,
    small_disk,
    transformer,
    write_export,
    write_project,
    write_registry,
)

from pipeline.bundle import ModelBundle
from pipeline.scoring.prediction import predict

pytestmark = pytest.mark.fault

CAN_MOUNT = can_mount()
METHOD = "tmpfs in a mount namespace" if CAN_MOUNT else "RLIMIT_FSIZE"
FULL = ("No space left on device", "disk is full", "File too large", "no room to write")
ROOMY = "200m"
TRAINING_SIZES = {
    "baseline": ("300k", "900k", "1150k", "1200k", "1250k", "1300k", "1400k", "1500k", "1600k", "1800k"),
    "transformer": ("1200k", "1400k", "1600k", "1800k", "2000k", "2300k", "2600k", "3000k", "3500k"),
}

needs_mount = pytest.mark.skipif(
    not CAN_MOUNT, reason="this user may not mount, and permissions do not bind root"
)


class LimitedFiles:
    """Stands for a small disk where nothing may be mounted: no file may grow beyond the limit."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self._prefix: tuple[str, ...] = ("prlimit", f"--fsize={int(size.removesuffix('k')) * 1024}")

    def run(self, *arguments: str) -> Ended:
        return run(self.folder, *arguments, env=environment(), prefix=self._prefix)

    def resize(self, _size: str) -> None:
        self._prefix = ()

    def copy_in(self, *paths: Path) -> None:
        for path in paths:
            shutil.copy(path, self.folder)

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


class Mounted(LimitedFiles):
    """A tmpfs of its own."""

    def __init__(self, disk: SmallDisk) -> None:
        self._disk = disk
        self.folder = disk.folder

    def run(self, *arguments: str) -> Ended:
        return self._disk.run(*arguments)

    def resize(self, size: str) -> None:
        self._disk.resize(size)

    def copy_in(self, *paths: Path) -> None:
        for path in paths:
            self._disk.shell(f"cp '{path}' .")

    def names(self) -> set[str]:
        return set(self._disk.shell("ls -A").splitlines())


@contextmanager
def tight(folder: Path, size: str) -> Iterator[LimitedFiles]:
    folder.mkdir(exist_ok=True)
    if not CAN_MOUNT:
        yield LimitedFiles(folder, size)
        return
    with small_disk(folder, size) as disk:
        yield Mounted(disk)


def assert_says_full(ended: Ended, disk: LimitedFiles, places: tuple[str, ...]) -> None:
    message = ended.message()
    assert any(reason in message for reason in FULL), message
    assert any(place in message for place in places), f"the place is not named: {message}"
    assert not {name for name in disk.names() if name.startswith("_") or name.endswith(".tmp")}


def fill_and_go_on(disk: LimitedFiles, command: tuple[str, ...], places: tuple[str, ...]) -> bool:
    """Whether the command met the end of the disk; it succeeds once there is room."""
    first = disk.run(*command)
    if first.code:
        assert_says_full(first, disk, places)
    disk.resize(ROOMY)
    again = disk.run(*command)
    assert again.code == 0, again.stderr
    return bool(first.code)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Path:
    """Exports, a posts table and scores."""
    folder = tmp_path_factory.mktemp("made")
    write_export(folder / "a.jsonl", range(800))
    predict([folder / "a.jsonl"], tiny_bundle, folder / "out")
    return folder


def sizes(*short: str, long: tuple[str, ...], is_long: bool) -> tuple[str, ...]:
    return long if is_long else short


def test_ingest_predict_and_report(
    made: Path, tmp_path: Path, tiny_bundle: ModelBundle, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    export, bundle = str(made / "a.jsonl"), str(tiny_bundle.folder)
    few = ("4k", "8k", "16k", "32k", "64k", "96k", "128k", "192k", "256k", "384k")
    cases: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = [
        (
            "ingest",
            ("ingest", export, "-o", "posts.parquet"),
            ("posts",),
            sizes("16k", long=few, is_long=is_long),
        ),
        (
            "predict",
            ("predict", export, "--model", bundle, "-o", "out", "--batch-posts", "50", "--export", "csv"),
            ("out",),
            sizes("64k", long=few, is_long=is_long),
        ),
        (
            "report",
            ("report", str(made / "out"), "-o", "report.html"),
            (".", "report.html"),
            sizes("32k", long=few[:6], is_long=is_long),
        ),
    ]
    for name, command, places, chosen in cases if is_long else cases[:2]:
        met = 0
        for size in chosen:
            with tight(tmp_path / f"{name}-{size}", size) as disk:
                met += fill_and_go_on(disk, command, places)
        assert met, f"{name}: no disk was small enough"
        print_figure(
            f"full disk ({METHOD}), {name}: {len(chosen)} sizes, {met} told so, all went on with room"
        )


@pytest.mark.long("minutes")
@pytest.mark.parametrize("kind", ["baseline", "transformer"])
def test_training_registration_and_promotion(
    tmp_path: Path, print_figure: Callable[[str], None], kind: str
) -> None:
    project = tmp_path / "project"
    write_project(project, transformer(tmp_path / "encoder") if kind == "transformer" else None)
    files = [project / name for name in ("run.yaml", "codebook.yaml", "labelled.jsonl")]
    chosen = TRAINING_SIZES[kind]
    met = 0
    for size in chosen:
        with tight(tmp_path / size, size) as disk:
            disk.copy_in(*files)
            met += fill_and_go_on(disk, ("train", "run.yaml"), ("mlflow.db", "runs", str(tmp_path / size)))
            assert disk.run("promote", "toy", "1", "--why", "first").code == 0
            assert "champion" in disk.run("models").stdout
    assert met, "no disk was small enough"
    print_figure(
        f"full disk ({METHOD}), train {kind}: {len(chosen)} sizes, {met} told so, all went on with room"
    )


@pytest.mark.long("seconds that training's store messages make up for")
@needs_mount
def test_promotion(tmp_path: Path, print_figure: Callable[[str], None]) -> None:
    write_registry(tmp_path / "made", (0.4, 0.3))
    place = tmp_path / "small"
    place.mkdir()
    command = ("promote", "toy", "2", "--why", "better", "--force")
    with small_disk(place, "4m") as disk:
        disk.shell(f"cp '{tmp_path}/made/mlflow.db' . && (cat /dev/zero > fill || true)")
        message = disk.run(*command).message()
        assert "disk is full" in message
        assert "mlflow.db" in message
        disk.shell("rm fill")
        ended = disk.run(*command)
        assert ended.code == 0, ended.stderr
        assert "now version 2 (before: version 1)" in ended.stdout
    print_figure(f"full disk ({METHOD}), promote: told so, went on with room")


@needs_mount
def test_output_that_cannot_be_written_to(
    made: Path, tmp_path: Path, tiny_bundle: ModelBundle, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    place = tmp_path / "place"
    write_project(place)
    shutil.copytree(made / "out", place / "out")
    export, bundle = str(made / "a.jsonl"), str(tiny_bundle.folder)
    commands = [
        ("ingest", export, "-o", "posts.parquet"),
        ("predict", export, "--model", bundle, "-o", "out"),
        ("predict", export, "--model", bundle, "-o", "new"),
        ("report", str(made / "out"), "-o", "report.html"),
        ("compact", "out"),
    ]
    if is_long:
        assert run(place, "train", "run.yaml").code == 0
        commands += [("train", "run.yaml"), ("promote", "toy", "1", "--why", "first")]
    before = sorted(path for path in place.rglob("*"))
    with read_only(place) as disk:
        for command in commands if is_long else commands[:2]:
            ended = run(place, *command, prefix=disk.prefix)
            message = ended.message()
            assert "ead-only" in message or "readonly" in message, message
    assert sorted(path for path in place.rglob("*")) == before
    print_figure(
        f"read-only bind mount: {len(commands if is_long else commands[:2])} commands said so in one line"
    )
