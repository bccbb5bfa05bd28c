"""The readers that docs/scores.md names, each run as it stands there where it is installed."""

import ast
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from test_predict import make_row, write_table
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.scoring.prediction import predict

PAGE = Path(__file__).parent.parent / "docs" / "scores.md"
BLOCKS = re.findall(
    r"^```(python|r|sql)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
PYTHON = [code for language, code in BLOCKS if language == "python"]
READERS = {"pipeline", "deltalake", "duckdb", "polars", "pyspark"}
N_POSTS, N_VERSIONS = 20, 21


@pytest.fixture(scope="module")
def folder(tiny_bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With `scores`, in which one post has two versions."""
    folder = tmp_path_factory.mktemp("readers")
    table = write_table(folder / "posts.parquet", [make_row(i) for i in range(N_POSTS)])
    predict([table], tiny_bundle, folder / "scores")
    edited = make_row(3) | {"text": "They threaten our borders.", "content_hash": "another"}
    predict([write_table(folder / "edited.parquet", [edited])], tiny_bundle, folder / "scores")
    return folder


def imports_of(code: str) -> list[str]:
    lines = re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
    return list(dict.fromkeys(lines))


def run_block(code: str) -> tuple[Any, dict[str, Any]]:
    """What the last line of a block gives, and the names it made."""
    *before, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {}
    exec(compile(ast.Module(before, []), str(PAGE), "exec"), names)
    return eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names), names


def test_every_reader_is_on_the_page() -> None:
    assert {name for code in PYTHON for name in imports_of(code)} == READERS


@pytest.mark.parametrize("code", PYTHON, ids=lambda code: imports_of(code)[-1])
def test_a_reader_of_the_page_reads_the_scores(
    folder: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in imports_of(code):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    if "pyspark" in code and shutil.which("java") is None:
        pytest.skip("Spark needs a Java on the path")
    monkeypatch.chdir(folder)
    found, _ = run_block(code)
    assert len(found) == (N_POSTS if "read_scores" in code else N_VERSIONS)
    assert {"post_key", "p_order", "frames", "evidence", "sequence"} <= set(found.columns)


def test_the_query_of_the_page_gives_current_versions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    [code] = [code for code in PYTHON if "duckdb" in code]
    [query] = [code for language, code in BLOCKS if language == "sql"]
    _, names = run_block(code)
    posts = names["posts"]  # noqa: F841 - DuckDB reads it
    current = names["duckdb"].sql(query).df()
    assert len(current) == N_POSTS
    assert current.set_index("post_key")["content_hash"][make_row(3)["post_key"]] == "another"


def test_r_reads_what_is_exported_for_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(app, ["scores", "export", "scores", "--format", "parquet"]).exit_code == 0
    assert (folder / "scores" / "posts.parquet").is_file()
    [code] = [code for language, code in BLOCKS if language == "r"]
    has_arrow = ["Rscript", "-e", "quit(status = !requireNamespace('arrow', quietly = TRUE))"]
    if shutil.which("Rscript") is None or subprocess.run(has_arrow, check=False).returncode:
        pytest.skip("R with the package arrow is not installed")
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[1]", str(N_POSTS)]
