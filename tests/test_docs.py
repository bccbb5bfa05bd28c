"""Commands in the README and in docs/ exist with their options, links lead somewhere, and the walk-through runs."""

import inspect
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from pipeline.cli import PANELS, app
from pipeline.commands.command_class import split_help

REPOSITORY = Path(__file__).parent.parent
GENERATED = {"commands.md", "config.md", "code.md"}
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
SHELL = {"", "bash", "console", "sh"}
FENCE = re.compile(
    r"^(?P<marks>(?:<!-- run -->\n)?)```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
INLINE = re.compile(r"`frames ([a-z][a-z-]*)")
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)")
LONGEST_PAGE = 120  # lines

GROUP = typer.main.get_command(app)


def commands_in(block: str) -> Iterator[list[str]]:
    """The words of each `frames` command in a block: without prompts, assignments before it, pipes and redirections."""
    for line in block.splitlines():
        if not re.match(r"(?:\$ )?(?:\w+=\S+ )*frames ", line):
            continue
        words = shlex.split(line, comments=True)
        words = words[words.index("frames") + 1 :]
        ends = [place for place, word in enumerate(words) if word in {">", ">>", "|", "&&", ";"}]
        yield words[: ends[0]] if ends else words


def shell_blocks(text: str) -> Iterator[tuple[str, bool]]:
    for match in FENCE.finditer(text):
        if match["language"] in SHELL:
            yield match["body"], bool(match["marks"])


def parse(words: list[str]) -> None:
    """Read a command line as the program does, without doing what it says."""
    command = GROUP
    while isinstance(command, TyperGroup) and words[0] != "--help":
        command, words = command.commands[words[0]], words[1:]
    if words != ["--help"]:
        command.make_context(command.name, list(words))


WRITTEN = [
    pytest.param(words, id=f"{page.name}: {' '.join(words)[:60]}")
    for page in PAGES
    for block, _ in shell_blocks(page.read_text(encoding="utf-8"))
    for words in commands_in(block)
]
EXAMPLES = [
    pytest.param(command, id=name) for commands in PANELS.values() for name, command in commands.items()
]


@pytest.mark.parametrize("words", WRITTEN)
def test_a_written_command_can_be_typed(words: list[str]) -> None:
    parse(words)


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_example_of_a_command_can_be_typed(command: object) -> None:
    (words,) = commands_in(split_help(inspect.getdoc(command) or "")[2])
    parse(words)


def test_most_commands_are_written_about() -> None:
    assert len(WRITTEN) > 60
    by_hand = [page for page in PAGES if page.name not in GENERATED]
    text = "\n".join(page.read_text(encoding="utf-8") for page in by_hand)
    known = {name for commands in PANELS.values() for name in commands}
    unmentioned = {name for name in known if f"frames {name}" not in text}
    assert len(unmentioned) < len(known) / 3, unmentioned


@pytest.mark.parametrize(
    "line",
    [
        "frames trian configs/baseline.yaml",
        "frames train configs/baseline.yaml --sets a=1",
        "$ frames predict posts.parquet -o scores",
        "frames sample scores -n many -o sample.csv",
        "frames sample scores -n 3 --design clever -o sample.csv | head",
    ],
    ids=["command", "option", "missing option", "number", "choice"],
)
def test_the_check_notices_a_command_that_cannot_be_typed(line: str) -> None:
    (words,) = commands_in(line)
    with pytest.raises(Exception, match=r"trian|--sets|model|integer|clever"):
        parse(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_existing_commands_and_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    names = {name for commands in PANELS.values() for name in commands}
    known = {name.split()[0] for name in names} | {"label"}  # as in `frames label-*`
    assert {name.rstrip("-") for name in INLINE.findall(text)} <= known
    broken = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_page_written_by_hand_is_short(page: Path) -> None:
    if page.name not in GENERATED:
        assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST_PAGE


def test_the_walk_through_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process, since starting each command anew would take most of the time."""
    text = (REPOSITORY / "docs" / "walkthrough.md").read_text(encoding="utf-8")
    lines = [line for block, is_run in shell_blocks(text) if is_run for line in block.splitlines()]
    assert len(lines) > 8
    for name in ("configs", "pipeline"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shown = ""
    for line in lines:
        (words,) = commands_in(line)
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{line}\n{done.output}"
        target = re.search(r"> (\S+)$", line)
        if target:
            Path(target[1]).write_text(done.stdout, encoding="utf-8")
        shown += done.stdout
    assert "needs 30 more labelled units" in shown
    assert Path("MODEL_CARD.md").read_text(encoding="utf-8").startswith("# Model card")
    assert json.loads(Path("january.json").read_text(encoding="utf-8"))["n"] == 184
    assert json.loads(Path("scored.json").read_text(encoding="utf-8"))["newly_scored"] == 433
