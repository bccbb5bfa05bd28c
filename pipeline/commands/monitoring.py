"""Commands of the panel of monitoring: what changed, who said it first, what is new."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    ScoresFolder,
    find_model,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.errors import ConfigError, list_names
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from pipeline.monitoring.edits import EditReport, Mark
    from pipeline.monitoring.gaps import GapReport
    from pipeline.monitoring.rising import RisingReport
    from pipeline.monitoring.spread import Spread

PostsTable = Annotated[Path, typer.Option("--posts", help="Posts table that frames ingest wrote.")]
_SHOWN: Final = 20  # at the terminal; files hold all
_CONTEXT: Final = 60  # characters of what is the same in two texts, on either side of a change


def edits(
    scores: ScoresFolder,
    posts: PostsTable,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="Model that also reads texts which were never scored; also models:/NAME@A."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Write all edits that changed frames: .csv, .jsonl, .parquet, .xlsx."
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show posts that were edited and lost or gained a frame.

    An edit is seen where two exports show two texts of a post. Frames are the classifier's decisions, with its errors:
    a change of probability from just below the threshold to just above it counts too, so both probabilities stand
    beside each frame.

    Example: frames edits scores --posts data/posts.parquet --model models:/frames@champion -o edits.csv
    """

    def work() -> None:
        require_paths(scores, posts, model)

        from pipeline.annotation.record_files import check_suffix
        from pipeline.bundle import load_bundle
        from pipeline.monitoring.edits import find_edits, write_edits

        if output:
            check_suffix(output)
        report = find_edits(posts, scores, load_bundle(find_model(model)) if model else None)
        if output:
            write_edits(output, report)
        if as_json:
            print_json(report.to_json())
        else:
            _print_edits(console(), report, output)

    run_command(work, debug)


FrameNames = Annotated[list[str] | None, typer.Option("--frame", help="Only this frame; may be repeated.")]


def spread(
    scores: ScoresFolder,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder for repeats.csv, edges.csv, channels.csv, network.graphml."
        ),
    ] = None,
    period: Annotated[
        Literal["month", "quarter", "year", "whole"],
        typer.Option("--period", help="By which the network is counted."),
    ] = "month",
    frame: FrameNames = None,
    first: Annotated[
        str | None, typer.Option("--from", help="Only posts from this day on, e.g. 2024-02-24 (UTC).")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Only posts up to this day, which counts.")] = None,
    days: Annotated[
        float,
        typer.Option(
            "--within", min=0, help="Days after the first post within which a copy is a repeat; 0: any."
        ),
    ] = 7,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say who published first, who repeated, and how soon.

    For each frame and each cluster of forwards and copies, and as a network of channels by frame and period. Raw: the
    classifier errs, and first means first among the channels that are read.

    Example: frames spread scores -o spread --period quarter
    """

    def work() -> None:
        require_paths(scores)

        from datetime import timedelta

        from pipeline.monitoring.spread import find_spread, write_spread

        end = _read_day(last, "--to")
        found = find_spread(
            scores,
            period=period,
            frames=frame or (),
            first=_read_day(first, "--from"),
            last=None if end is None else end + timedelta(days=1),
            days=days,
        )
        written = write_spread(output, found) if output else []
        if as_json:
            print_json({**found.to_json(), "files": [str(path) for path in written]})
        else:
            _print_spread(console(), found, written)

    run_command(work, debug)


def alerts(
    scores: ScoresFolder,
    level: Annotated[
        float,
        typer.Option("--level", min=0.0001, max=0.5, help="Chance of any false alert in a year of days."),
    ] = 0.05,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help="Last complete day (UTC); left out: the day before that of the last post."
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say which frames rise; made to be looked at every day.

    However often you look, the chance of any false alert in a year of days is at most the level. Clusters of copies
    count once. Raw: a frame also rises when the classifier begins to err.

    Example: frames alerts scores --level 0.05
    """

    def work() -> None:
        require_paths(scores)

        from pipeline.monitoring.rising import find_rising

        day = _read_day(as_of, "--as-of")
        report = find_rising(scores, level=level, as_of=None if day is None else day.date())
        if as_json:
            print_json(report.to_json())
        else:
            _print_rising(console(), report)

    run_command(work, debug)


def gaps(
    scores: ScoresFolder,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Folder of the groups, new or of earlier runs: they go on."),
    ],
    encoder: Annotated[
        str, typer.Option("--encoder", help="As model.encoder of a config; auto goes by the languages.")
    ] = "auto",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Group posts without a frame: what the codebook misses.

    Month by month, by the encoder's vectors; a group keeps its number from run to run. Writes proposals.csv and
    proposals.yaml, drafts of codebook entries to be read and judged by people.

    Example: frames gaps scores -o gaps
    """

    def work() -> None:
        require_paths(scores)

        from pipeline.monitoring.gaps import find_gaps

        with progress_bar(quiet=as_json) as progress:
            report = find_gaps(scores, output, encoder=encoder, on_progress=progress)
        if as_json:
            print_json(report.to_json())
        else:
            _print_gaps(console(), report, output)

    run_command(work, debug)


def _print_gaps(screen: Console, report: GapReport, folder: Path) -> None:
    from pipeline.commands.result_tables import plain_table
    from pipeline.monitoring.gap_groups import ENOUGH

    rows = [
        (
            f"group {proposal.group}",
            proposal.since,
            f"{proposal.posts:,}",
            f"{proposal.channels:,}",
            list(proposal.by_month)[-1],
            ", ".join(proposal.words[:6]),
        )
        for proposal in report.proposals[:_SHOWN]
    ]
    columns = ("", "since", "posts", "channels", "last", "words that set it apart")
    screen.print(plain_table("Posts without a frame, in groups", columns, rows))
    for proposal in report.proposals[:_SHOWN]:
        for key, text in proposal.typical[:1]:
            screen.print(safe_text(f"group {proposal.group}, most typical: {text} ({key})"), soft_wrap=True)
    screen.print(
        f"{report.posts:,} different posts without a frame, {report.new:,} of them new; {report.alone:,} are in no "
        f"group; left out: {_tell_short(report)}, {report.undated:,} without a time. Proposals, no "
        "findings: among these posts are also those whose frame the classifier missed.",
        soft_wrap=True,
    )
    if report.posts < ENOUGH:
        screen.print(f"There are no groups before there are {ENOUGH} such posts.")
    for name in ("proposals.csv", "proposals.yaml"):
        if (folder / name).exists():
            screen.print(f"written to {safe_text(str(folder / name))}", soft_wrap=True)


def _tell_short(report: GapReport) -> str:
    """How many posts were too short, and in which languages."""
    languages = ", ".join(f"{lang} {n:,}" for lang, n in report.short.items())
    return f"{sum(report.short.values()):,} short ones" + (f" ({languages})" if languages else "")


def _print_rising(screen: Console, report: RisingReport) -> None:
    from pipeline.commands.result_tables import plain_table

    if report.too_few:
        screen.print(f"Too little to look at: {report.too_few}.", soft_wrap=True)
        return
    rows = [
        (
            rise.frame,
            "RISES" if rise.is_alert else "",
            str(rise.since),
            *("" if share is None else f"{share:.1%}" for share in (rise.before, rise.after)),
            f"{rise.e_value:,.3g}",
        )
        for rise in report.frames
    ]
    title = f"Evidence of a rise, up to {report.as_of}; an alert from an e-value of {report.frames[0].needed:,.0f} on"
    screen.print(plain_table(title, ("frame", "", "likeliest start", "before", "after", "e-value"), rows))
    screen.print(
        f"{len(report.alerts)} of {len(rows)} frames rise. The chance of any false alert in a year is at most "
        f"{report.level:.0%}, however often one looks. Shares are raw, of clusters of copies, in {report.channels} "
        f"channels and {report.weeks} weeks.",
        soft_wrap=True,
    )
    if report.left_out:
        names = safe_text(list_names(report.left_out, 5))
        screen.print(f"Not counted, for not being there in most weeks and the last: {names}", soft_wrap=True)


def _read_day(text: str | None, option: str) -> datetime | None:
    from datetime import UTC, datetime

    try:
        return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise ConfigError(f"{option} {text}: expected a day such as 2024-02-24") from None


def _print_spread(screen: Console, found: Spread, written: Sequence[Path]) -> None:
    from pipeline.commands.result_tables import plain_table
    from pipeline.monitoring.spread import ANY, RAW

    edges = found.edges.groupby(["frame", "source", "target"], sort=False)["clusters"].sum().reset_index()
    pairs = edges.sort_values("clusters", ascending=False, kind="stable").drop_duplicates("frame")
    rows = [
        (row["frame"], str(row["clusters"]), f"{row['source']} -> {row['target']}")
        for row in pairs.sort_values("frame").to_dict("records")
    ]
    screen.print(plain_table("Most frequent repeats", ("frame", "clusters", "first -> repeated"), rows))
    channels = found.channels[found.channels["frame"] == ANY].head(_SHOWN)
    shown = [
        (
            row["channel"],
            f"{row['clusters']:,}",
            f"{row['first']:,}",
            f"{row['repeated']:,}",
            "" if row["repeated"] == 0 else f"{row['median_hours_behind']:,.1f}",
        )
        for row in channels.to_dict("records")
    ]
    columns = ("channel", "clusters", "first", "repeated", "median hours behind")
    screen.print(plain_table("Clusters of copies that several channels are in", columns, shown))
    clusters = found.repeats["first_post"].nunique()
    screen.print(
        f"{found.posts:,} posts with a frame, {clusters:,} clusters in several channels. {RAW}.",
        soft_wrap=True,
    )
    if found.later:
        screen.print(
            f"Repeats come within {found.days:g} days of the first post; {found.later:,} came later and begin "
            "anew (--within DAYS; 0 for no limit)",
            soft_wrap=True,
        )
    if found.undated:
        screen.print(f"{found.undated:,} posts with a frame have no time and are left out", soft_wrap=True)
    for path in written:
        screen.print(f"written to {safe_text(str(path))}", soft_wrap=True)


def _print_edits(screen: Console, report: EditReport, output: Path | None) -> None:
    from pipeline.monitoring.edits import shorten_same

    def say(text: str) -> None:
        screen.print(safe_text(text), soft_wrap=True)

    for edit in report.changing[:_SHOWN]:
        say(f"{edit.post_key}  {edit.describe_time()}")
        for sign, frames in (("+", edit.gained), ("-", edit.lost)):
            for frame, (before, after) in frames.items():
                say(f"  {sign} {frame} ({before:.2f} -> {after:.2f})")
        say(f"  {_draw(shorten_same(edit.marks, _CONTEXT))}")
        screen.print()
    if len(report.changing) > _SHOWN:
        say(f"and {len(report.changing) - _SHOWN:,} more; all with -o FILE or --json")
    say(
        f"{report.posts_edited:,} posts have several texts, {len(report.edits):,} edits; {len(report.changing):,} of "
        f"them changed a frame by the decisions of {report.model_id or 'no model'}, which have errors"
    )
    if report.not_judged:
        say(
            f"{report.not_judged:,} edits have a text that was never scored: give --model to compare them too"
        )
    if report.other_posts:
        say(f"{report.other_posts:,} changes are no edits: two posts under one number, more than a day apart")
    if output:
        say(f"written to {output}")


def _draw(marks: Sequence[tuple[Mark, str]]) -> str:
    """Marked text on one line: [-taken out-] {+put in+}."""
    brackets = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(brackets[mark].format(text) for mark, text in marks)
