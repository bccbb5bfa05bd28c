"""The walls of the house: which library may be imported where, and what a light command must not load."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {
    "torch",
    "transformers",
    "datasets",
    "mlflow",
    "sklearn",
    "matplotlib",
    "ray",
    "onnxruntime",
    "onnx",
    "vl_convert",
}
LEARNING = {"classifiers", "scoring", "benchmarks"}  # benchmarks: rivals that are built on these libraries
ROOMS = {
    "mlflow": {"tracking"},
    "torch": LEARNING,
    "transformers": LEARNING,
    "datasets": LEARNING,
    "matplotlib": {"reporting"},
    "vl_convert": {"reporting"},
}


def imported_libraries(source: Path) -> Iterator[str]:
    """Top-level packages that a file imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: relative import"
            yield str(node.module).partition(".")[0]


def room_of(source: Path) -> str:
    return source.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("library", ROOMS)
def test_a_heavy_library_stays_in_its_room(library: str) -> None:
    importing = {source for source in SOURCES if library in imported_libraries(source)}
    assert importing, f"nothing imports {library}: is this test out of date?"
    outside = [str(source) for source in importing if room_of(source) not in ROOMS[library]]
    assert not outside


def test_init_files_are_empty() -> None:
    packages = {source.parent for source in SOURCES}
    assert all((package / "__init__.py").read_bytes() == b"" for package in packages)


def heavy_modules_after(code: str) -> set[str]:
    """Which heavy libraries a fresh interpreter has loaded after running `code`."""
    report = f"import sys; print('LOADED', *sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


COMMAND = """
import sys
from pipeline.cli import app
sys.argv = ["frames", *{arguments!r}]
try:
    app()
except SystemExit as leaving:
    status = leaving.code or 0
else:
    status = 0
assert status == {status}, status
"""


@pytest.mark.parametrize(
    "code",
    [
        "import pipeline",
        "import pipeline.cli",
        "import pipeline.predict",
        "import pipeline.config.run_config, pipeline.classifiers.protocols, pipeline.errors",
        COMMAND.format(arguments=["--help"], status=0),
        COMMAND.format(arguments=["predict", "--help"], status=0),
        COMMAND.format(arguments=["config-schema"], status=0),
    ],
    ids=["package", "cli", "predict", "schema", "help", "help of predict", "config-schema"],
)
def test_light_things_load_no_heavy_library(code: str) -> None:
    assert heavy_modules_after(code) == set()


@pytest.mark.parametrize(
    "arguments", [["train"], ["sweep"], ["learning-curve", "-o", "curve"]], ids=["train", "sweep", "curve"]
)
def test_a_wrong_config_is_told_before_a_heavy_library_loads(tmp_path: Path, arguments: list[str]) -> None:
    config = tmp_path / "wrong.yaml"
    config.write_text("model: {kind: tfidf, depth: 3}\n", encoding="utf-8")
    assert heavy_modules_after(COMMAND.format(arguments=[*arguments, str(config)], status=1)) == set()


def test_scoring_with_the_baseline_loads_no_torch() -> None:
    assert not heavy_modules_after("import pipeline.classifiers.tfidf.tfidf_baseline") & {
        "torch",
        "transformers",
        "mlflow",
    }


def test_the_measurement_itself_notices_a_heavy_library() -> None:
    assert heavy_modules_after("import matplotlib") == {"matplotlib"}
