"""Results as tables at the terminal. Everything that comes from data is made safe first."""

from __future__ import annotations  # the types below are for the reader; every command loads this file

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from pipeline.errors import list_names, shorten
from pipeline.files.safe_text import safe_text
from pipeline.measures.intervals import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from pipeline.data.labels.splits import Folds
    from pipeline.data.posts.export_reader import FileReport
    from pipeline.data.posts.ingest import IngestReport
    from pipeline.evaluation.comparison import Comparison, Difference
    from pipeline.evaluation.evaluation_report import EvaluationReport
    from pipeline.evaluation.slices import SliceGain
    from pipeline.tracking.registry_lookup import RegisteredVersion
    from pipeline.training.check_inputs import CheckResult
    from pipeline.training.repeated_fits import FitSpread
    from pipeline.training.tracked_training import TrainedModel

_MOST_FILES: Final = 40
_MOST_UNREAD: Final = 5  # kinds of tables
_WEAKEST = 3  # frames that a training names
_NOTES = 2  # that a training prints, unless all are asked for
_REASON_CHARS: Final = 300
_NARROWEST_TEXT: Final = 8  # characters that a column of text may be folded to
_NARROWEST_FIGURE: Final = 6  # characters that a column beside names may be folded to
_LONGEST_FIGURE: Final = 22  # characters; a moment has 16, the name of a format 21


def plain_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Padding:
    """A table whose first column is text and whose other columns are figures.

    Where the terminal is too narrow, text goes on in the next line; so do figures where they alone are too wide for it,
    since nothing may be cut off. Then the widest columns give way first, so that names stay whole as long as they can.
    """
    cells = [[safe_text(str(cell)) for cell in row] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells), 0) for i, name in enumerate(columns)]
    figures = [i > 0 and all(len(row[i]) <= _LONGEST_FIGURE for row in cells) for i in range(len(columns))]
    narrow = [
        min(width, _NARROWEST_TEXT) for width, figure in zip(widths, figures, strict=True) if not figure
    ]
    room = Console().width - 2 * len(columns)
    fits = sum(width for width, figure in zip(widths, figures, strict=True) if figure) + sum(narrow) <= room
    table = Table(
        title=safe_text(title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1),
        collapse_padding=True,
    )
    shared = None if fits else _share_room(widths, room + 2)  # no space after the last
    for i, name in enumerate(columns):
        justify: Literal["left", "right"] = "right" if i else "left"
        whole = figures[i] if fits else shared is not None and widths[i] <= shared[i]
        table.add_column(
            safe_text(name),
            justify=justify,
            overflow="fold",
            no_wrap=whole,
            max_width=None if whole or shared is None else shared[i],
        )
    # two spaces stand between columns, and none after the last
    left = room + 2 - sum(width for width, figure in zip(widths, figures, strict=True) if figure)
    for row in cells:
        table.add_row(_break_id(row[0], left) if figures.count(False) == 1 else row[0], *row[1:])
    return Padding(table, (0, 0, 1, 0), expand=False)


def _share_room(widths: Sequence[int], room: int) -> list[int] | None:
    """Widths that fit, the first column's own up to a third of the room; the widest others give way. None if none."""
    first = min(widths[0], room // 3)
    for most in range(max(widths), _NARROWEST_FIGURE - 1, -1):
        shared = [first, *(min(width, most) for width in widths[1:])]
        if sum(shared) <= room:
            return shared
    return None


def print_evaluation(screen: Console, report: EvaluationReport, title: str) -> None:
    """One line for each frame, overall figures with their intervals, and the notes."""
    print_notes(screen, report.warnings)
    columns = ("frame", "coded", "found", "prec.", "recall", "F1", "interval", "AP")
    rows = [
        (
            scores.frame,
            scores.positives,
            scores.predicted,
            _figure(scores.precision),
            _figure(scores.recall),
            _figure(scores.f1),
            format_interval(scores.f1),
            _figure(scores.average_precision),
        )
        for scores in report.per_frame
    ]
    screen.print(plain_table(title, columns, rows))
    for name, estimate in (
        (report.macro_name, report.macro_f1),
        *((level.name, level.macro_f1) for level in report.levels),
        ("micro-F1", report.micro_f1),
        ("samples-F1", report.samples_f1),
        ("mean average precision (AP)", report.mean_average_precision),
    ):
        screen.print(f"{name:32}{_figure(estimate, 3)}  {format_interval(estimate, 3)}")
    screen.print(f"{'calibration error':32}{report.calibration_error:.3f}")
    if report.calibration is not None:
        from pipeline.evaluation.calibration_quality import LOW

        whole = report.calibration.overall
        if whole.error_above is not None:
            name = f"  among the {whole.above:,} p > {LOW}"
            screen.print(f"{name:32}{whole.error_above:.3f}")
        for name, estimate in (
            ("calibration slope (right: 1)", whole.slope),
            ("  intercept (right: 0)", whole.intercept),
        ):
            screen.print(f"{name:32}{_figure(estimate, 3)}  {format_interval(estimate, 3)}")
    screen.print(
        f"{report.n} texts in {report.n_clusters} clusters of copies, which intervals ({report.confidence:.0%}) count; "
        "they are of this one fit",
        soft_wrap=True,
    )
    print_notes(screen, report.notes)


def print_comparison(screen: Console, comparison: Comparison, first: str, second: str) -> None:
    """Differences overall and for each frame, and what they allow to say."""

    def row(difference: Difference) -> tuple[Any, ...]:
        return (
            difference.name,
            difference.positives,
            "too few" if difference.first is None else f"{difference.first:.2f}",
            "too few" if difference.second is None else f"{difference.second:.2f}",
            _figure(difference.gain, sign="+"),
            format_interval(difference.gain, sign="+"),
            "" if difference.p_value is None else format_p(difference.p_value),
        )

    columns = ("F1", "coded", "first", "second", "gain", "interval", "p")
    differences = [comparison.macro_f1, comparison.micro_f1, *comparison.per_frame]
    screen.print(plain_table("First against second, on the same test rows", columns, map(row, differences)))
    told = [entry for entry in comparison.languages if entry.too_few is None]
    if len(comparison.languages) > 1:
        screen.print(
            plain_table(
                "By language", ("macro-F1", "texts", "frames", *columns[2:6]), map(_language_row, told)
            )
        )
        few = len(comparison.languages) - len(told)
        if few:
            screen.print(
                f"{few} more languages have too few texts or positives for figures; --json lists them"
            )
    screen.print(f"first:  {safe_text(first)}")
    screen.print(f"second: {safe_text(second)}")
    screen.print(
        f"Intervals ({_percent(comparison.confidence)}) and p come from the same swaps of the two models on whole "
        "clusters of copies. Those of frames hold for all frames together. Both are of these two fits.",
        soft_wrap=True,
    )
    print_test_use(screen, comparison)
    print_notes(screen, comparison.notes)
    screen.print(f"{comparison.macro_name}: {comparison.verdict}.", soft_wrap=True)


def _language_row(entry: SliceGain) -> tuple[Any, ...]:
    first, second = ("" if value is None else f"{value:.2f}" for value in (entry.first, entry.second))
    gain = (_figure(entry.gain, sign="+"), format_interval(entry.gain, sign="+"))
    return (entry.value, entry.n, entry.n_frames, first, second, *gain)


def print_test_use(screen: Console, comparison: Comparison) -> None:
    """How often the test rows were used before, what that does to the figures, and what helps."""
    use = comparison.use
    if use is None:
        return
    line = use.describe(comparison.n)
    if use.possible_pairs > 1:
        line += (
            ", and any two of them could have been compared: intervals and p hold for these "
            f"{use.possible_pairs} pairs together"
        )
    screen.print(f"{line[0].upper()}{line[1:]}.", soft_wrap=True)
    if use.possible_pairs > 1 and comparison.luck is not None:
        first, second = (f"{_figure(level, 3)} ({format_interval(level, 3)})" for level in comparison.levels)
        screen.print(
            f"Macro-F1 with intervals that hold for these {use.models} models together: first {first}, second "
            f"{second}. The best of {use.models} equal models shows about {comparison.luck:.3f} too much. On labelled "
            "rows that were not used before (--data FILE) nothing has to be corrected.",
            soft_wrap=True,
        )


def _break_id(cell: str, width: int) -> str:
    """A long id over several lines, broken after underscores; rich breaks what is longer, and text at its spaces."""
    lines = [""]
    for part in cell.replace("_", "_\n").split("\n"):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return cell if " " in cell else "\n".join(lines)


def print_folds(screen: Console, folds: Folds) -> None:
    """Rows, clusters and dates of each fold, positives of each frame in each, and the notes."""
    parts = [(name, getattr(folds, name)) for name in ("train", "dev", "test")]
    rows = [
        ("texts", *(len(data) for _, data in parts)),
        ("clusters of copies", *(len(set(folds.clusters[name].tolist())) for name, _ in parts)),
        ("first date", *(_day(data.table["date"].min()) for _, data in parts)),
        ("last date", *(_day(data.table["date"].max()) for _, data in parts)),
        ("without any frame", *(int((data.indicator().sum(axis=1) == 0).sum()) for _, data in parts)),
    ]
    positives = [data.count_positives() for _, data in parts]
    rows += [(frame, *(count[frame] for count in positives)) for frame in folds.train.frame_ids]
    columns = ["", "train", "dev", "test"]
    if len(folds.purged):
        columns.append("purged")
        facts = {
            "texts": len(folds.purged),
            "clusters of copies": len(set(folds.clusters["purged"].tolist())),
        }
        facts |= {frame: folds.purged_positives.get(frame, 0) for frame in folds.train.frame_ids}
        rows = [(*row, facts.get(str(row[0]), "")) for row in rows]
    screen.print(plain_table("Folds", columns, rows))
    if len(folds.purged):
        screen.print("purged: in no fold, because a copy stands in another one")
    screen.print(f"Data set fingerprint {folds.fingerprint[:16]}")
    print_notes(screen, folds.notes)


def print_ingest(screen: Console, report: IngestReport, output: Path) -> None:
    """What became of every record, and where the rest is listed."""
    rows = [
        ("files read", report.files),
        *((f"  posts from {name}", count) for name, count in sorted(report.per_format.items())),
        ("posts read, in all", report.read),
        ("  new", report.new),
        ("  edited (older text in the history)", report.edited),
        ("  unchanged", report.unchanged),
        ("  repeated in this input", report.duplicates_in_input),
        ("without text", report.no_text),
        *((f"  {kind}", count) for kind, count in report.no_text_kinds.items()),
        ("rejected records and files", report.rejected),
        ("media and hidden files passed over", report.files_passed_over),
        ("posts in the table now", report.posts),
    ]
    screen.print(plain_table("Ingest", ("", "count"), ((name, f"{count:,}") for name, count in rows)))
    if len(report.per_file) > 1 or any(file.reason for file in report.per_file):
        _print_files(screen, report.per_file)
    screen.print(f"posts    {safe_text(str(output))}", soft_wrap=True)
    if report.rejects_path is not None:
        screen.print(f"rejects  {safe_text(str(report.rejects_path))}", soft_wrap=True)
        screen.print(f"         the first: {safe_text(report.first_reject)}", soft_wrap=True)
    for line in _describe_unread(report.per_file):
        screen.print(safe_text(line), soft_wrap=True)
    print_notes(screen, report.warnings)


def _describe_unread(files: Sequence[FileReport]) -> Iterator[str]:
    """Columns of tables of which nothing is taken, those of several files once."""
    unread: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        if file.unread:
            unread.setdefault(file.unread, []).append(file.name)
    for names, inside in itertools.islice(unread.items(), _MOST_UNREAD):
        yield (
            f"not read  columns {list_names(names, 12)} of {list_names(inside, 2)}; "
            "--column OURS=THEIRS says what one is"
        )
    if len(unread) > _MOST_UNREAD:
        yield f"not read  columns of {len(unread) - _MOST_UNREAD:,} other kinds of tables (all of them: --json)"


def _print_files(screen: Console, files: Sequence[FileReport]) -> None:
    """A line a file, then why records were rejected; of very many files, those with rejects before the others."""
    chosen = (
        sorted(files, key=lambda file: not file.reason)[:_MOST_FILES] if len(files) > _MOST_FILES else files
    )
    rows = []
    for file in chosen:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in file.no_text.items())
        rows.append((file.name, file.format or "none", f"{file.posts:,}", kinds or "0", f"{file.rejected:,}"))
    columns = ("file", "format", "posts", "without text", "rejected")
    screen.print(plain_table("Files", columns, rows))
    if len(files) > len(chosen):
        screen.print(f"... and {len(files) - len(chosen):,} more files (all of them: --json)\n")
    for file in chosen:
        if file.reason:
            screen.print(
                f"{safe_text(file.name)}: {safe_text(shorten(file.reason, _REASON_CHARS))}", soft_wrap=True
            )


def print_check(screen: Console, result: CheckResult) -> None:
    """What a run would use, and what weakens it."""
    book = result.codebook
    screen.print(f"Config {safe_text(result.config.name)}: {result.config.model.kind}")
    screen.print(f"Codebook {safe_text(book.name)}: {len(book.frames)} frames, {book.mode}")
    print_folds(screen, result.folds)
    _print_languages(screen, result)
    print_notes(screen, (warning for warning in result.warnings if warning not in result.folds.notes))
    judged = len(book.frames) - len(result.unjudged)
    if not _tell_few_judged(screen, judged, len(book.frames)):
        screen.print("Everything needed for training is there.")


def _tell_few_judged(screen: Console, judged: int, frames: int) -> bool:
    """Whether the test fold can judge less than half of the frames; if so, it is said, and what to do."""
    from pipeline.measures.enough_positives import ENOUGH_CLUSTERS, describe_macro

    if 2 * judged >= frames:
        return False
    screen.print(
        f"The test fold can judge only {judged} of {frames} frames ({describe_macro(judged, frames)}): a frame needs "
        f"positives in {ENOUGH_CLUSTERS} clusters of copies there. Label more texts that carry the others; or divide "
        "otherwise: --set folds.method=cluster, or a larger share, --set folds.test_share=0.4",
        soft_wrap=True,
    )
    return True


def _print_languages(screen: Console, result: CheckResult) -> None:
    """Rows, letters a token and positives of each frame by language, where there are several."""
    languages = result.languages
    from pipeline.data.labels.frame_languages import main_languages

    langs = main_languages(languages.rows)
    if len(langs) < 2:  # noqa: PLR2004 - of one language, the folds say all
        return
    rows: list[tuple[Any, ...]] = [("texts", *(languages.rows[lang] for lang in langs))]
    if result.letters_per_token:
        rows += [("letters a token", *(f"{result.letters_per_token[lang]:.1f}" for lang in langs))]
    rows += [(frame, *(n.get(lang, 0) for lang in langs)) for frame, n in languages.positives.items()]
    screen.print(plain_table("Frames by language, train and dev", ("", *langs), rows))


def print_trained(screen: Console, trained: TrainedModel, *, verbose: bool = False) -> None:
    """The evaluation, then run id, bundle folder and registry version, each on a line to be copied.

    Frames, slices and most notes are printed where they are asked for.
    """
    notes = list(dict.fromkeys([*trained.report.notes, *trained.notes]))
    if verbose:
        print_evaluation(screen, trained.report, "Test fold")
        print_notes(screen, (note for note in notes if note not in trained.report.notes))
    else:
        _print_in_short(screen, trained.report, notes)
    _tell_few_judged(screen, len(trained.report.macro_frames), len(trained.report.per_frame))
    if trained.spread is not None:
        _print_spread(screen, trained.spread)
    screen.print(f"run id          {trained.run_id}")
    screen.print(f"bundle          {safe_text(str(trained.bundle))}", soft_wrap=True)
    screen.print(f"bundle hash     {trained.bundle_hash[:16]}")
    if trained.registered is not None:
        screen.print(f"registered as   models:/{safe_text(trained.registered)}/{trained.version}")
    screen.print(f"recorded in     {safe_text(trained.tracking_uri)}", soft_wrap=True)


def _print_in_short(screen: Console, report: EvaluationReport, notes: Sequence[str]) -> None:
    """The two figures that matter most, the weakest frames, and the first notes."""
    print_notes(screen, report.warnings)
    for name, estimate in ((report.macro_name, report.macro_f1), ("micro-F1", report.micro_f1)):
        screen.print(f"{name:32}{_figure(estimate, 3)}  {format_interval(estimate, 3)}")
    judged = [scores for scores in report.per_frame if scores.f1.value is not None]
    weakest = sorted(judged, key=lambda scores: scores.f1.value or 0.0)[:_WEAKEST]
    if weakest:
        listed = ", ".join(f"{scores.frame} {_figure(scores.f1)}" for scores in weakest)
        screen.print(f"weakest F1: {safe_text(listed)}", soft_wrap=True)
    screen.print(f"{report.n} texts in {report.n_clusters} clusters of copies; all figures: --verbose")
    print_notes(screen, notes[:_NOTES])
    if len(notes) > _NOTES:
        screen.print(f"... and {len(notes) - _NOTES} more notes: --verbose")


def _print_spread(screen: Console, spread: FitSpread) -> None:
    """Figures over fits with several seeds, beside the interval of the fit that is kept."""
    columns = ("figure", "this fit", "its interval", "mean", "sd", "smallest", "largest")
    rows = [
        (
            spread.macro_name if figure.name == "macro_f1" else figure.name.removeprefix("frame/"),
            f"{figure.fits[0]:.3f}",
            format_interval(Estimate(figure.fits[0], figure.low, figure.high), 3),
            f"{figure.mean:.3f}",
            f"{figure.deviation:.3f}",
            f"{min(figure.fits):.3f}",
            f"{max(figure.fits):.3f}",
        )
        for figure in spread.figures
    ]
    screen.print(plain_table(f"{len(spread.seeds)} fits with other seeds, on the same rows", columns, rows))
    macro = next((figure for figure in spread.figures if figure.name == "macro_f1"), None)
    if macro is not None:
        screen.print(
            f"Another fit of the same config may lie up to {macro.reach:.3f} from this one in {spread.macro_name} "
            f"({macro.confidence:.0%} of all cases, as these {len(spread.seeds)} fits show it). Intervals are of the "
            "kept fit: they say what other texts would change, not what another seed would.",
            soft_wrap=True,
        )


def print_models(screen: Console, versions: Sequence[RegisteredVersion]) -> None:
    """Registered versions, newest first within a name."""
    columns = ("model", "version", "kind", "aliases", "macro-F1", "frames", "at (UTC)", "bundle")
    rows = [
        (
            version.name,
            version.version,
            version.kind or "",
            ", ".join(version.aliases),
            "" if version.macro_f1 is None else f"{version.macro_f1:.3f}",
            "" if version.macro_name is None else _frames_covered(version.macro_name),
            _moment(version.when),
            (version.bundle_hash or "")[:12],
        )
        for version in versions
    ]
    screen.print(plain_table("Registered models", columns, rows))


def _frames_covered(macro_name: str) -> str:
    """The figure without its name, as a column has it: 13 of 15."""
    return macro_name.removeprefix("macro-F1 over ").removesuffix(" frames")


def format_p(p_value: float) -> str:
    """A p-value; never 0, which no number of swaps shows."""
    return "< .001" if p_value < 0.001 else f"{p_value:.3f}"  # noqa: PLR2004 - three digits are printed


def _percent(share: float) -> str:
    """95 %, or 99.75 %, without more digits than there are."""
    return f"{100 * share:.4g} %"


def print_notes(screen: Console, notes: Iterable[str]) -> None:
    """Notes to the reader, one a line."""
    for note in notes:
        screen.print(f"Note: {safe_text(note)}", soft_wrap=True)


def _moment(stamp: str | None) -> str:
    """Day and minute in UTC of a tag that a person may have overwritten."""
    try:
        return "" if stamp is None else f"{datetime.fromisoformat(stamp).astimezone(UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return str(stamp)


def _day(moment: pd.Timestamp) -> str:
    import pandas as pd

    return "" if pd.isna(moment) else f"{moment:%Y-%m-%d}"


def _figure(estimate: Estimate, digits: int = 2, sign: str = "") -> str:
    return "too few" if estimate.value is None else f"{estimate.value:{sign}.{digits}f}"


def format_interval(estimate: Estimate, digits: int = 2, sign: str = "") -> str:
    """Both ends of an interval; "" where there is none. With `sign` "+" every end shows its sign."""
    if estimate.low is None or estimate.high is None:
        return ""
    dash = "–" if not sign else " … "  # noqa: RUF001 - the sign of a range
    return f"{estimate.low:{sign}.{digits}f}{dash}{estimate.high:{sign}.{digits}f}"
