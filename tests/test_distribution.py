"""Wheel and source distribution are whole, hold nothing else, and work without the checkout.

`make dist-check` (DIST_CHECK=full) also builds a wheel from the source distribution, and checks and trains with it.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("pipeline", "configs", "docs", "tests", "notebooks")
FULL = os.environ.get("DIST_CHECK") == "full"
CONFIG = """
name: from-a-wheel
data: {codebook: "sample:codebook.yaml", labelled: "sample:labelled_sentences.jsonl"}
model: {kind: tfidf, char_ngrams: null, c_grid: [3.0]}
evaluation: {bootstrap_samples: 100}
"""
BUILD_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "PYTHON"))}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(source: str | Path, target: Path) -> Path:
    """With the setuptools installed here: nothing is fetched."""
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-build-isolation", "--no-deps")
    run(*pip, "--wheel-dir", target, source, folder=target.parent)
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this one, with litter such as tools leave."""
    folder = tmp_path_factory.mktemp("checkout") / "source"
    folder.mkdir()
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for file in ROOT.glob("*"):
        if file.is_file() and file.suffix in {".toml", ".md", ".txt", ".lock", ".in", ""}:
            shutil.copy(file, folder)
    for litter in (
        "pipeline/__pycache__/cli.cpython-311.pyc",
        "pipeline/.mypy_cache/cache.json",
        "mlflow.db",
    ):
        (folder / litter).parent.mkdir(exist_ok=True)
        (folder / litter).write_bytes(b"litter")
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(checkout, tmp_path_factory.mktemp("wheel") / "dist")


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-c", BUILD_SDIST, target, folder=checkout)
    (archive,) = target.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("environment") / "venv")


def install(wheel: Path, target: Path) -> Path:
    """A new environment with the wheel in it; all libraries are those of the interpreter that runs the tests."""
    run(sys.executable, "-m", "venv", "--without-pip", target, folder=target.parent)
    pip = (sys.executable, "-m", "pip", "--python", target / "bin" / "python")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, folder=target.parent)
    (site_packages,) = target.glob("lib/python*/site-packages")
    (site_packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return target


def package_files(folder: Path) -> set[str]:
    """What belongs into a distribution: sources and their data, without what tools leave there."""
    files = {
        path.relative_to(folder).as_posix() for path in (folder / "pipeline").rglob("*") if path.is_file()
    }
    of_tools = ("pipeline/benchmarks/", "pipeline/upkeep/")  # they stay in the repository
    return {
        name
        for name in files
        if "__pycache__" not in name and "/." not in name and not name.startswith(of_tools)
    }


def test_the_wheel_holds_the_package_whole_and_nothing_else(checkout: Path, wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    own = {name for name in names if ".dist-info/" not in name}
    assert own == package_files(checkout)
    assert {"pipeline/py.typed", "pipeline/sample/channel_export/result.json"} <= own
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_source_distribution_holds_what_building_and_testing_need(checkout: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert (
        package_files(checkout) | {"pipeline/upkeep/lock_file.py", "pipeline/benchmarks/quality.py"} <= names
    )
    tests = {f"tests/{path.name}" for path in (checkout / "tests").glob("*.py")}
    expected = {"pyproject.toml", "README.md", "LICENSE", "Makefile", "constraints.txt", "requirements.lock"}
    assert tests | expected <= names
    assert not [
        name for name in names if "pycache" in name or "_cache/" in name or name.endswith((".pyc", ".db"))
    ]


def test_the_command_works_from_the_installed_wheel(environment: Path, tmp_path: Path) -> None:
    place = run(
        environment / "bin/python", "-c", "import pipeline; print(pipeline.__file__)", folder=tmp_path
    )
    assert Path(place.strip()).is_relative_to(environment)
    assert "frames COMMAND --help" in run(environment / "bin/frames", "--help", folder=tmp_path)
    (tmp_path / "run.yaml").write_text(CONFIG, encoding="utf-8")
    checked = json.loads(run(environment / "bin/frames", "check", "run.yaml", "--json", folder=tmp_path))
    assert checked["folds"]


@pytest.mark.skipif(not FULL, reason="minutes: make dist-check")
def test_a_model_is_trained_and_scores_with_a_wheel_made_from_the_source_distribution(
    sdist: Path, tmp_path: Path
) -> None:
    frames = install(build_wheel(sdist, tmp_path / "dist"), tmp_path / "venv") / "bin" / "frames"
    (tmp_path / "run.yaml").write_text(CONFIG, encoding="utf-8")
    run(frames, "doctor", folder=tmp_path)
    trained = json.loads(run(frames, "train", "run.yaml", "--json", folder=tmp_path))
    (site_packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    posts = site_packages / "pipeline" / "sample" / "channel_export"
    run(frames, "predict", posts, "--model", trained["bundle"], "--output", "scores", folder=tmp_path)
    run(frames, "report", "scores", "--output", "report.html", folder=tmp_path)
    assert (tmp_path / "report.html").stat().st_size > 10_000
