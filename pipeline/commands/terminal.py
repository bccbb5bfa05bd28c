"""What every command shares at the terminal: consoles, a progress bar, errors as messages.

Whatever comes from data goes through `pipeline.files.safe_text`, and the consoles made here read no markup in it.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

import pipeline.no_telemetry  # noqa: F401 - for every command, before it imports any library
from pipeline.classifiers.processes import refuse_several_processes
from pipeline.errors import PipelineError, SaidElsewhereError
from pipeline.files.safe_text import safe_text

Progress = Callable[[str, int, int], None]  # pipeline.classifiers.protocols.Progress, without its imports

_UNUSABLE_PLACE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}
    | {errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG}
)
_FAILED, _INTERRUPTED = 1, 130


def console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup, no emoji codes, no guessed highlighting."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


class _RateColumn(ProgressColumn):
    """Steps a second over the last half minute, or seconds a step where these are slow."""

    def render(self, task: Task) -> Text:
        return Text(describe_rate(task.finished_speed or task.speed), style="progress.data.speed")


def describe_rate(speed: float | None) -> str:
    """Steps a second in words that say something of slow steps too."""
    if not speed:
        return "-"
    return f"{speed:,.0f}/s" if speed >= 1 else f"{1 / speed:,.1f} s/step"


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress]:
    """Lend a `Progress` that draws a bar on standard error; nothing is drawn when that is no terminal.

    The callable takes what is being done, steps done and steps in all; 0 in all means not known. What follows "; " may
    change from call to call.
    """
    screen = console(stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda _what, _done, _total: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=screen) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            name = what.partition("; ")[0]
            if name not in tasks:
                tasks[name] = bar.add_task(safe_text(what), total=None)
            bar.update(tasks[name], description=safe_text(what), completed=done, total=total or None)

        yield show


def run_command(
    function: Callable[[], None], debug: bool = False, *, in_several_processes: bool = False
) -> None:
    """Run what a command does; what a user can mend becomes a message on standard error and exit status 1.

    Args:
        function: the command's work.
        debug: also print the traceback of such an error. Defects keep theirs in any case.
        in_several_processes: the work is made to be shared by processes that torchrun starts.
    """
    # Threads of the numeric libraries wait asleep: spinning made training three times slower beside other work.
    # It has to be said before those libraries are loaded; a user's own setting stands.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Every batch has a shape of its own: a thousand compiled matrix products, kept for ever, were 400 MB in training.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    try:
        if not in_several_processes:
            refuse_several_processes("this command")
        function()
    except KeyboardInterrupt:
        _print_error("interrupted")
        raise typer.Exit(_INTERRUPTED) from None
    except SaidElsewhereError:
        raise typer.Exit(_FAILED) from None
    except BrokenPipeError:
        # The reader went away (`| head`); what is still buffered must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_FAILED) from None
    except Exception as error:
        message = _describe_mendable(error)
        if message is None:
            raise
        if debug:
            traceback.print_exc()
        _print_error(message)
        raise typer.Exit(_FAILED) from None


def _describe_mendable(error: Exception) -> str | None:
    """The message for an error that the user can mend; None for a defect of ours."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _UNUSABLE_PLACE:
        return f"{error.filename or 'the output'}: {error.strerror}"
    return None


def _print_error(message: str) -> None:
    lines = (safe_text(line) for line in message.splitlines())
    console(stderr=True).print("Error: " + "\n".join(lines), soft_wrap=True)
