import errno
import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import describe_rate, progress_bar, run_command
from pipeline.errors import DataError
from pipeline.files.safe_text import escape_unsafe, safe_text


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jgone", "gone"),
        ("abc\u202edcb\u2066x\u2069\u200f", "abcdcbx"),
        ("line\r\noverwritten\ttab\u2028end", "line  overwritten tab end"),
        ("a\x00\x08b\ud800c", "abc"),
        ("Доброе утро 👩\u200d🚀", "Доброе утро 👩\u200d🚀"),
    ],
)
def test_only_harmless_characters_reach_the_terminal(hostile: str, safe: str) -> None:
    assert safe_text(hostile) == safe


@given(st.text(alphabet=st.characters(), max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_becomes_one_printable_line(value: str) -> None:
    shown = safe_text(value)
    assert "\x1b" not in shown
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(), max_size=60))
@settings(deadline=None, max_examples=200)
def test_json_at_the_terminal_is_harmless_and_means_the_same(value: str) -> None:
    shown = escape_unsafe(json.dumps({value: value}, ensure_ascii=False, indent=2))
    assert json.loads(shown) == {value: value}
    assert not {"\x1b", "\x7f", "\x9b", "\u202e", "\U000e0061"} & set(shown)
    shown.encode("utf-8")


def test_what_a_user_can_mend_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise DataError("posts.csv, line 3: [bold]\x1b[31mno date")

    with pytest.raises(typer.Exit) as stopped:
        run_command(fail)
    assert stopped.value.exit_code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip() == "Error: posts.csv, line 3: [bold]no date"
    with pytest.raises(typer.Exit):
        run_command(fail, debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_a_file_in_place_of_a_folder_is_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(typer.Exit):
        run_command((tmp_path / "file" / "inner").mkdir)
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path}")


def test_a_full_disk_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "scores.parquet")

    with pytest.raises(typer.Exit):
        run_command(fail)
    assert "scores.parquet: No space left on device" in capsys.readouterr().err


def test_a_defect_keeps_its_traceback() -> None:
    def fail() -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        run_command(fail)


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as show:
        show("scoring", 1, 2)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_reader_that_leaves_is_no_error() -> None:
    code = (
        "import typer; from pipeline.commands.terminal import run_command\n"
        "def work():\n for i in range(100000): print(i)\n"
        "def main(): run_command(work)\n"
        "typer.run(main)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""


def test_figures_stand_unbroken_in_a_terminal_of_80_columns() -> None:
    frame, long_frame = "war_crimes_accountability", "responsibility_of_states_for_what_their_allies_do"
    columns = ("frame", "coded", "found", "prec.", "recall", "F1", "interval", "AP")
    figures = ("1220", "1026", "0.54", "0.64", "too few", "0.38–0.77", "0.67")
    written = io.StringIO()
    screen = Console(width=80, file=written, markup=False)
    screen.print(plain_table("Test fold", columns, [(frame, *figures), (long_frame, *figures)]))
    lines = written.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == [frame, *" ".join(figures).split()]
    assert lines[4].split()[1:] == " ".join(figures).split()
    assert (lines[4].split()[0] + lines[5].strip()) == long_frame


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_table_too_wide_for_the_terminal_loses_no_character(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("model", *(f"figure {i}" for i in range(6)))
    screen = Console(width=width, record=True, file=io.StringIO())
    screen.print(plain_table("Wide", columns, [("a name", *(f"{i}234567890123456" for i in range(6)))]))
    shown = Counter(screen.export_text())
    assert shown["9"] == 6
    assert shown["6"] >= 2 * 6


def test_names_stay_whole_where_wider_columns_can_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = ("model", "version", "kind", "aliases", "macro-F1", "frames", "at (UTC)", "bundle")
    row = (
        "my-project",
        "4",
        "transformer",
        "champion",
        "0.566",
        "4 of 4",
        "2026-11-30 19:41",
        "9937702c008fea1d",
    )
    screen = Console(width=80, record=True, file=io.StringIO())
    screen.print(plain_table("Registered models", columns, [row]))
    assert screen.export_text().splitlines()[3].split()[0] == "my-project"


@pytest.mark.parametrize(
    ("speed", "said"), [(None, "-"), (0.0, "-"), (0.25, "4.0 s/step"), (1234.4, "1,234/s")]
)
def test_slow_steps_are_told_in_seconds(speed: float | None, said: str) -> None:
    assert describe_rate(speed) == said
