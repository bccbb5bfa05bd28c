"""Commands of the panel of scores, beside `frames predict`: keep an output folder in shape."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import AsJson, Debug, print_json
from pipeline.commands.terminal import console, progress_bar, run_command

if TYPE_CHECKING:
    from pipeline.scoring.compact_parts import CompactReport

_MB = 1e6


def compact(
    output: Annotated[Path, typer.Argument(help="Output folder of frames predict.")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Merge the many small files of an output folder into few.

    Every run of frames predict adds a file to each channel and month it met; hundreds of runs make reading slow.
    Rows, their order and what they say of their origin stay the same. It may be stopped at any moment.

    Example: frames compact scores
    """

    def work() -> None:
        from pipeline.scoring.compact_parts import compact_parts

        with progress_bar(quiet=as_json) as progress:
            report = compact_parts(output, on_progress=progress)
        if as_json:
            print_json(report.to_json())
        else:
            console().print(_describe(report), soft_wrap=True)

    run_command(work, debug)


def _describe(report: "CompactReport") -> str:
    before, after = report.bytes_before / _MB, report.bytes_after / _MB
    text = (
        f"{report.files_before:,} part files are now {report.files_after:,} ({before:,.1f} MB, now {after:,.1f} MB); "
        f"merged in {report.folders:,} channel-and-month folders"
    )
    if report.folders_left:
        text += (
            f"\n{report.folders_left:,} folders were left as they are: one run scored several versions of a post "
            "there, and the names of the files say which is current"
        )
    return text
