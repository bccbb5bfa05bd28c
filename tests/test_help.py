"""Help pages: a table of contents in data order, plain everywhere, and examples that can be copied."""

import inspect
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli import PANELS, app
from pipeline.commands.command_class import CommandPage, PanelledGroup, split_help

COMMANDS = {name: command for commands in PANELS.values() for name, command in commands.items()}
PRINT_NO_RESULTS = {"demo", "model-card", "config-schema"}  # a walk; Markdown; JSON in any case
SCREEN = 80  # columns


def help_of(*arguments: str, application: typer.Typer = app, columns: int = SCREEN) -> str:
    shown = CliRunner().invoke(application, [*arguments, "--help"], env={"COLUMNS": str(columns)})
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_panels_stand_in_data_order_with_their_commands_below() -> None:
    lines = help_of().splitlines()
    places = [lines.index(f"{panel}:") for panel in PANELS]
    assert places == sorted(places)
    assert list(PANELS) == sorted(PANELS)
    assert list(PANELS)[-1].endswith("Help")
    listed = [
        re.split(r" {2,}", line.strip())[0]
        for line in lines[places[0] :]
        if line.startswith("  ") and line[2] != " "
    ]
    first_words = list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    assert sorted(listed[: len(first_words)]) == sorted(first_words)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_stands_whole_on_one_line_of_80_columns(name: str) -> None:
    summary = split_help(inspect.getdoc(COMMANDS[name]) or "")[0]
    assert summary.endswith(".")
    *group, verb = name.split()
    line = next(line for line in help_of(*group).splitlines() if line.startswith(f"  {verb} "))
    assert line.endswith(summary), f"shorten the first line of this command's docstring: {summary}"
    assert len(line) <= SCREEN


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_on_one_line(name: str) -> None:
    lines = help_of(*name.split()).splitlines()
    assert lines[lines.index("Example:") + 1].startswith(f"  frames {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_with_results_can_print_json(name: str) -> None:
    assert ("--json" in help_of(*name.split())) is (name not in PRINT_NO_RESULTS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_lets_columns_be_named_lets_the_encoding(name: str) -> None:
    shown = help_of(*name.split())
    assert ("--encoding" in shown) or ("--column" not in shown)


def test_help_has_no_colours_boxes_or_markup() -> None:
    plain = help_of(columns=200)
    assert "\x1b" not in plain
    assert plain.isascii()


def test_text_that_looks_like_markup_is_shown_as_it_is() -> None:
    hostile = typer.Typer(cls=PanelledGroup, rich_markup_mode=None)

    @hostile.command("one", cls=CommandPage, rich_help_panel="[red]Panel[/red]")
    def one() -> None:
        """[bold]Summary[/bold] with [link=http://x.example]markup[/link] :boom:."""

    @hostile.command("two", cls=CommandPage, rich_help_panel="[red]Panel[/red]")
    def two() -> None:
        """Second."""

    shown = help_of(application=hostile, columns=200)
    assert "[red]Panel[/red]:" in shown
    assert "[bold]Summary[/bold] with [link=http://x.example]markup[/link] :boom:." in shown


def test_a_summary_that_is_too_long_is_wrapped_and_not_cut() -> None:
    wordy = typer.Typer(cls=PanelledGroup, rich_markup_mode=None)
    words = [f"word{i}" for i in range(40)]

    def command() -> None: ...

    command.__doc__ = " ".join(words)
    wordy.command("a", cls=CommandPage)(command)
    wordy.command("b", cls=CommandPage)(lambda: None)
    shown = help_of(application=wordy)
    assert all(word in shown.split() for word in words)
    assert max(map(len, shown.splitlines())) <= SCREEN


def test_a_docstring_is_split_into_summary_details_and_example() -> None:
    text = "Do this,\nand that.\n\nMore of it.\n\nStill more.\n\nExample: frames do\n--it"
    assert split_help(text) == ("Do this, and that.", "More of it.\n\nStill more.", "frames do --it")
    assert split_help("Only this.") == ("Only this.", "", "")


def test_what_was_written_is_listed_as_json(tmp_path: Path) -> None:
    project, units = tmp_path / "project", tmp_path / "units.csv"
    units.write_text("id,text\n1,One sentence.\n", encoding="utf-8")
    made = CliRunner().invoke(app, ["init", str(project), "--json"])
    written = json.loads(made.stdout)["written"]
    assert str(project / "codebook.yaml") in written
    assert all(Path(path).is_file() for path in written)
    options = ["--codebook", str(project / "codebook.yaml"), "-o", str(tmp_path / "out.csv"), "--json"]
    exported = CliRunner().invoke(app, ["label-export", str(units), *options])
    assert json.loads(exported.stdout) == {"written": [str(tmp_path / "out.csv")]}


def run_frames(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("frames"), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("typed", "word", "completed"),
    [("frames tr", "1", "train"), ("frames train --js", "2", "--json"), ("frames roll", "1", "roll-back")],
)
def test_bash_completes_commands_and_options(typed: str, word: str, completed: str) -> None:
    done = run_frames(COMP_WORDS=typed, COMP_CWORD=word, _FRAMES_COMPLETE="complete_bash")
    assert done.stdout.split() == [completed]


def test_the_completion_script_is_printed_for_the_shell_that_asks() -> None:
    script = subprocess.run(
        ["bash", "-c", f"{Path(sys.executable).with_name('frames')} --show-completion bash; true"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "complete -o default -F _frames_completion frames" in script.stdout


def test_the_version_is_printed_with_the_name() -> None:
    shown = run_frames("--version")
    assert shown.stdout == f"narrative-frames {version('narrative-frames')}\n"
    assert shown.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "scores", "-o", "a.html", "--output", "b.html"],
        ["sample", "scores", "-n", "3", "-n", "4", "-o", "x.csv"],
        ["scores", "export", "scores", "-o", "a", "-o", "b"],
    ],
)
def test_an_option_of_one_value_given_twice_is_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "given 2 times; it takes one value" in done.output
