"""The reference pages are what the code says, and say something about everything."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import PANELS
from pipeline.config.project import ProjectSettings
from pipeline.config.run_config import RunConfig
from pipeline.upkeep.reference_pages import out_of_date, write_commands_page, write_config_page

DOCS = Path(__file__).parent.parent / "docs"
ROW = re.compile(r"^\| (?P<name>.+?) \| (?P<value>.*?) \| (?P<default>.*?) \| (?P<meaning>.*) \|$")


def rows_of(page: str) -> list[dict[str, str]]:
    found = [match.groupdict() for line in page.splitlines() if (match := ROW.match(line))]
    return [row for row in found if row["meaning"] != "meaning"]


def run_reference(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.upkeep.reference_pages", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_pages_in_docs_are_up_to_date() -> None:
    assert not out_of_date(DOCS), "run: python -m pipeline.upkeep.reference_pages --write"


def test_every_command_has_its_section_example_and_options() -> None:
    page = write_commands_page()
    for panel, commands in PANELS.items():
        assert f"\n## {panel}\n" in page
        for name in commands:
            section = page.split(f"\n### frames {name}\n")[1].split("\n### ")[0]
            assert f"```console\nframes {name}" in section
    assert page.count("| `--json` |") > len(PANELS)


@pytest.mark.parametrize("page", [write_commands_page, write_config_page], ids=["commands", "config"])
def test_every_entry_says_what_it_means(page: object) -> None:
    rows = rows_of(page())
    assert len(rows) > 50
    assert [row["name"] for row in rows if not row["meaning"]] == []


def test_every_key_of_the_schema_has_a_line() -> None:
    names = {row["name"].strip("`") for row in rows_of(write_config_page())}
    keys = set()
    for schema in (RunConfig.model_json_schema(), ProjectSettings.model_json_schema()):
        parts = (schema, *schema["$defs"].values())
        keys |= {key for part in parts for key in part.get("properties", ())}
    assert {name.split(".")[-1] for name in names} == keys


def test_values_and_defaults_are_those_of_the_schema() -> None:
    rows = {row["name"]: row for row in rows_of(write_config_page())}
    assert rows["`folds.test_share`"]["value"] == "number, above 0, below 1"
    assert rows["`folds.test_share`"]["default"] == "`0.2`"
    assert rows["`decisions.threshold`"]["value"] == "`tuned` or number, above 0, below 1"
    assert rows["`data.codebook`"]["default"] == "required"
    assert rows["`model.word_ngrams`"]["default"] == "`[1, 2]`"


def test_write_then_check_then_a_change_is_noticed(tmp_path: Path) -> None:
    missing = run_reference("--check", "--folder", str(tmp_path))
    assert missing.returncode == 1
    assert "commands.md" in missing.stderr
    assert run_reference("--write", "--folder", str(tmp_path)).returncode == 0
    assert run_reference("--check", "--folder", str(tmp_path)).returncode == 0
    page = tmp_path / "config.md"
    page.write_text(page.read_text(encoding="utf-8") + "by hand\n", encoding="utf-8")
    assert out_of_date(tmp_path) == [page]
    assert run_reference("--check", "--folder", str(tmp_path)).returncode == 1
