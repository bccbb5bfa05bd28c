"""The walls of the house: which library may be imported where, and what a light command must not load."""

import ast
import importlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pipeline

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
    "openai",
    "vl_convert",
}
LEARNING = {"classifiers", "scoring", "benchmarks"}  # benchmarks: rivals that are built on these libraries
ROOMS = {
    "mlflow": {"tracking"},
    "torch": LEARNING,
    "transformers": LEARNING,
    "datasets": LEARNING,
    "matplotlib": {"reporting"},
    "openai": {"classifiers"},
    "vl_convert": {"reporting"},
}


# The order of the rooms, lowest first. A file imports from its own room and from rooms below it, at the top of the file
# or inside a function; files at the root of the package are rooms of their own.
LAYERS = (
    ("errors", "no_telemetry", "sample"),
    ("files",),
    ("config",),
    ("data",),
    ("measures",),
    ("classifiers",),
    ("bundle",),
    ("scoring",),
    ("evaluation",),
    ("annotation",),
    ("prevalence",),
    ("explanation",),
    ("monitoring",),
    ("archive",),
    ("tracking",),
    ("reporting",),
    ("training",),
    ("commands",),
    ("cli",),
    ("predict",),
    ("upkeep", "benchmarks"),  # of the repository, not of the wheel
)
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
MOST_AT_THE_ROOT = 8


def imported_rooms(source: Path) -> Iterator[str]:
    """Rooms that a file imports from anywhere, also inside functions."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (module.split(".")[1] for module in modules if module.startswith("pipeline."))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.relative_to(PACKAGE).as_posix())
def test_no_import_points_upward(source: Path) -> None:
    room = room_of(source).removesuffix(".py")
    if room == "__init__":  # the door: names of every room, each loaded when it is asked for
        return
    upward = {other for other in imported_rooms(source) if other != room and RANK[other] >= RANK[room]}
    assert not upward, f"{room} stands below {upward}"


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {room_of(source).removesuffix(".py") for source in SOURCES} - {"__init__"}
    assert rooms == set(RANK)


def test_few_files_stand_at_the_root() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_AT_THE_ROOT


def test_no_two_files_share_a_name() -> None:
    doors = {PACKAGE / "predict.py"}  # `python -m pipeline.predict`, which is commands/predict.py
    names = Counter(source.name for source in SOURCES if source.name != "__init__.py" and source not in doors)
    assert not [name for name, n in names.items() if n > 1]


@cache
def imported_libraries(source: Path) -> frozenset[str]:
    """Top-level packages that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: relative import"
            found.add(str(node.module).partition(".")[0])
    return frozenset(found)


def room_of(source: Path) -> str:
    return source.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("library", ROOMS)
def test_a_heavy_library_stays_in_its_room(library: str) -> None:
    importing = {source for source in SOURCES if library in imported_libraries(source)}
    assert importing, f"nothing imports {library}: is this test out of date?"
    outside = [str(source) for source in importing if room_of(source) not in ROOMS[library]]
    assert not outside


def test_init_files_are_empty_but_for_the_door() -> None:
    packages = {source.parent for source in SOURCES} - {PACKAGE}
    assert all((package / "__init__.py").read_bytes() == b"" for package in packages)


@pytest.mark.parametrize("name", pipeline.__all__)
def test_a_name_of_the_door_is_the_one_in_its_room(name: str) -> None:
    """Also what the type checker is told: the imports that only it reads name the same places."""
    told = {
        alias.name: node.module
        for node in ast.walk(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert getattr(pipeline, name) is getattr(importlib.import_module(str(told[name])), name)


def test_an_unknown_name_of_the_door_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'predikt'"):
        _ = pipeline.predikt


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
        COMMAND.format(arguments=["doctor", "--quick"], status=0),
    ],
    ids=["package", "cli", "predict", "schema", "help", "help of predict", "config-schema", "quick doctor"],
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


MISSING = [
    ["evaluate", "no-model", "no-rows"],
    ["compare", "no-model", "no-other", "--data", "no-rows"],
    ["promote", "name", "1", "--why", "x", "--data", "no-rows"],
    ["robustness", "no-model", "--labels", "no-rows"],
    ["drift", "no-scores", "--model", "no-model", "--labelled", "no-rows"],
    ["report", "no-scores", "-o", "x.html", "--model", "no-model", "--sample", "no-sample"],
    ["evaluation-report", "no-model", "-o", "x.html", "--data", "no-rows"],
    ["predict", "no-posts", "--model", "no-model", "-o", "x"],
    ["shares", "no-scores", "--sample", "no-sample", "--model", "no-model"],
    ["explain", "no-model", "--scores", "no-scores", "--post", "x"],
    ["init", "x", "--codebook", "no-book", "--labels", "no-rows"],
    ["sample", "no-scores", "-n", "3", "-o", "x.csv", "--exclude", "no-rows", "--top-up", "no-sample"],
    ["label-export", "no-sample", "--codebook", "no-book", "-o", "x.csv"],
    ["label-import", "no-rows", "no-other", "--codebook", "no-book", "--sample", "no-sample", "-o", "x.csv"],
    ["agreement", "no-rows", "no-other", "--codebook", "no-book"],
    ["label-llm", "no-units", "--config", "no-config", "-o", "x.csv"],
    ["suspects", "no-rows", "--codebook", "no-book"],
]


def test_inputs_that_are_not_there_are_told_together_before_a_heavy_library_loads() -> None:
    code = f"""
from typer.testing import CliRunner
from pipeline.cli import app
for arguments in {MISSING!r}:
    told = CliRunner().invoke(app, arguments).output
    expected = {{part for part in arguments if part.startswith("no-")}}
    assert expected <= set(told.replace(",", " ").split()), (arguments, told)
"""
    assert heavy_modules_after(code) == set()


def test_scoring_with_the_baseline_loads_no_torch() -> None:
    assert not heavy_modules_after("import pipeline.classifiers.tfidf.tfidf_baseline") & {
        "torch",
        "transformers",
        "mlflow",
    }


def test_tables_at_the_terminal_load_neither_pandas_nor_statistics() -> None:
    """Every command that prints a table loads them, `frames models` too."""
    code = "import sys, pipeline.commands.result_tables; print(*{'pandas', 'scipy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_the_measurement_itself_notices_a_heavy_library() -> None:
    assert heavy_modules_after("import matplotlib") == {"matplotlib"}
