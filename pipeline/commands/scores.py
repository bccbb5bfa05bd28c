"""Commands of the panel of scores, beside `frames predict`: plain files of them, an output folder kept in shape."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    ScoresFolder,
    print_json,
)
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text
from pipeline.files.stores import parse_location

if TYPE_CHECKING:
    from pipeline.scoring.compact_scores import CompactReport
    from pipeline.scoring.export_scores import ExportedScores

_MB = 1e6


def compact(
    output: ScoresFolder,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Merge the many small files of an output folder into few.

    Every run of frames predict adds files; hundreds of runs make reading slow. Rows stay the same. It may be stopped
    at any moment. Files that were replaced are removed after a week.

    Example: frames compact scores
    """

    def work() -> None:
        from pipeline.scoring.compact_scores import compact_scores

        report = compact_scores(output)
        if as_json:
            print_json(report.to_json())
        else:
            console().print(_describe(report), soft_wrap=True)

    run_command(work, debug)


def export(
    output: Annotated[str, typer.Argument(help="Output folder of frames predict, also s3://BUCKET/PATH.")],
    file_format: Annotated[
        Literal["parquet", "csv", "jsonl"], typer.Option("--format", help="Of the files.")
    ] = "csv",
    folder: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for the files; left out: the output folder itself."),
    ] = None,
    link: Annotated[
        str,
        typer.Option(
            "--link-template", "--link", help="Link to a post; {channel} and {message_id} are filled in."
        ),
    ] = "https://t.me/{channel}/{message_id}",
    posts: Annotated[
        Path | None,
        typer.Option(
            "--posts", help="Posts table: adds each whole text as post_text. Column text has what was scored."
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write current scores as plain files, with texts and links.

    Two files come out, posts and sentences, for programs that do not read Delta tables.

    Example: frames scores export scores --format csv -o for-the-team
    """

    def work() -> None:
        from pipeline.scoring.export_scores import export_scores

        done = export_scores(parse_location(output), file_format, folder, link=link, posts_table=posts)
        if as_json:
            print_json(done.to_json())
        for line in () if as_json else _describe_export(done, posts):
            console().print(safe_text(line), soft_wrap=True)

    run_command(work, debug)


def convert(
    old: Annotated[Path, typer.Argument(help="Output folder of an older version.")],
    new: Annotated[Path, typer.Argument(help="Folder to make.")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Turn an older version's output into Delta tables.

    All versions of all posts are taken over, and which of them is current. The old folder stays as it is.

    Example: frames scores convert scores scores-new
    """

    def work() -> None:
        from pipeline.scoring.convert_scores import convert_scores

        report = convert_scores(old, new)
        if as_json:
            print_json(report.to_json())
        else:
            console().print(
                f"{report.posts:,} scored versions of posts with {report.sentences:,} sentences are now in "
                f"{safe_text(str(report.output))}",
                soft_wrap=True,
            )

    run_command(work, debug)


def _describe_export(done: "ExportedScores", posts: Path | None) -> Iterator[str]:
    yield from (f"written to {path}" for path in done.exported)
    if posts is None:
        yield (
            "text is what was scored of a post: its sentences, without emoji between them, line breaks and lines "
            "that channels put under every post; --posts POSTS.parquet adds the whole text"
        )
    elif done.without_post_text:
        yield f"{done.without_post_text:,} of {done.posts:,} posts are not in {posts} with the text that was scored"
    if done.without_link:
        yield (
            f"{done.without_link:,} of {done.posts:,} posts have no link: their channel is known by a title, not by "
            "its user name, or they have no number; frames ingest --channel USERNAME names it"
        )


def _describe(report: "CompactReport") -> str:
    before, after = report.bytes_before / _MB, report.bytes_after / _MB
    return (
        f"{report.files_before:,} data files are now {report.files_after:,} ({before:,.1f} MB, now {after:,.1f} MB); "
        f"{report.removed:,} files that nothing has needed for a week were removed"
    )
