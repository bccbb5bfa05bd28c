"""`frames report`: the current scores of an output folder as one HTML page."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pipeline.bundle import ModelBundle
from pipeline.errors import DataError
from pipeline.reporting.drift_section import describe_drift
from pipeline.reporting.html_page import render_page, write_page
from pipeline.reporting.model_facts import describe_origin, describe_quality, frame_titles
from pipeline.reporting.monitoring_section import describe_edits
from pipeline.reporting.report_data import Limits, ReportData, collect_report_data
from pipeline.reporting.share_plots import collect_share_plots
from pipeline.scoring.score_output import REJECTS
from pipeline.tracking.provenance import installed_version

_SCRIPTS: Final = ("report_plots.js", "report_posts.js", "report.js")
_REASONS: Final = 20  # listed by name
_EXAMPLES: Final = 10
_EXCERPT: Final = 200  # characters


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written.

    Attributes:
        path: the file; size: in bytes.
        posts: current posts, all counted; posts_in_table: of those with frames.
        warnings: what a reader has to know, also said on the page.
    """

    path: Path
    size: int
    posts: int
    posts_in_table: int
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"path": str(self.path), "warnings": list(self.warnings)}


def write_report(
    scores: Path,
    output: Path,
    *,
    bundle: ModelBundle | None = None,
    sample: Path | Sequence[Path] | None = None,
    empty_is_coded: bool = False,
    posts: Path | None = None,
    title: str | None = None,
    limits: Limits | None = None,
) -> WrittenReport:
    """Write the report of an output folder of `frames predict`.

    Args:
        scores: the output folder.
        output: the HTML file, replaced if it exists.
        bundle: the model that scored; its quality, frame names and origin are then in the report.
        sample: coded sample of these scores, or several that stand together; shares with intervals are then in the
            report.
        empty_is_coded: a row of the sample without labels carries no frame; else it is not coded yet.
        posts: posts table of these scores; edits that changed frames are then in the report.
        title: heading of the page.
        limits: how much the page holds.

    Raises:
        DataError: no scores, a model that did not make them, a sample that does not fit them, no room to write.
    """
    data = collect_report_data(scores, limits)
    if bundle is not None:
        _check_model(scores, data, bundle)
    shares = (
        collect_share_plots(scores, sample, data.frame_ids, empty_is_coded=empty_is_coded) if sample else None
    )
    warnings = _warnings(data, bundle)
    unit = "year" if data.periods_are_years else "month"
    payload = data.payload | {
        "unit": unit,
        "frame_names": frame_titles(bundle) if bundle else {},
        "frame_definitions": {frame.id: frame.definition for frame in bundle.codebook.frames}
        if bundle
        else {},
        "shares": shares.columns if shares else None,
    }
    context = {
        "title": title or "Narrative frames in channel posts",
        "totals": data.totals,
        "span": _span(data.totals),
        "unit": unit,
        "warnings": warnings,
        "table_note": _table_note(data),
        "quality": describe_quality(bundle) if bundle else None,
        "shares": shares,
        "frame_titles": _titles(data, bundle),
        "drift": describe_drift(scores, bundle, frame_titles(bundle)) if bundle else None,
        "edits": describe_edits(scores, posts, bundle, payload["frame_names"]) if posts else None,
        "left_out": _left_out(data),
        "rejects": read_rejects(scores / REJECTS),
        "provenance": _provenance(scores, data, bundle),
    }
    html = render_page("report.html.j2", scripts=_SCRIPTS, payload=payload, context=context)
    size = write_page(output, html)
    return WrittenReport(
        output, size, int(data.totals["posts"]), len(data.payload["rows"]["name"]), tuple(warnings)
    )


def _titles(data: ReportData, bundle: ModelBundle | None) -> list[str]:
    """Names of the frames in the order of their numbers; ids where the model is not at hand."""
    names = frame_titles(bundle) if bundle else {}
    return [names.get(frame, frame) for frame in data.frame_ids]


def read_rejects(path: Path) -> dict[str, Any]:
    """Counts by reason and first examples of a rejects file; none where there is no file.

    A line that is no reject is counted as one itself, so that nothing goes missing.
    """
    reasons: Counter[str] = Counter()
    examples: list[dict[str, str]] = []
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                entry = _read_reject(line)
                reasons[entry["reason"]] += 1
                if len(examples) < _EXAMPLES:
                    examples.append(entry)
    return {
        "total": reasons.total(),
        "reasons": reasons.most_common(_REASONS),
        "other_reasons": max(0, len(reasons) - _REASONS),
        "examples": examples,
    }


def _read_reject(line: str) -> dict[str, str]:
    try:
        entry = json.loads(line)
        place = f"{entry['source_file']}, {entry['record']}"
        return {"place": place, "reason": str(entry["reason"]), "excerpt": _shorten(str(entry["excerpt"]))}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"place": REJECTS, "reason": "this line of the list cannot be read", "excerpt": _shorten(line)}


def _shorten(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rstrip()} … [shortened]"


def _check_model(scores: Path, data: ReportData, bundle: ModelBundle) -> None:
    present = {model["bundle_hash"]: model["model_id"] for model in data.models}
    if bundle.bundle_hash not in present:
        raise DataError(
            f"{scores}: its scores come from {', '.join(map(str, present.values()))}, not from {bundle.model_id}: "
            "give the model that scored, or none"
        )


def _warnings(data: ReportData, bundle: ModelBundle | None) -> list[str]:
    warnings = []
    if len(data.models) > 1:
        listed = ", ".join(f"{model['model_id']} ({model['posts']:,} posts)" for model in data.models)
        warnings.append(
            f"The current scores come from {len(data.models)} models: {listed}. Differences between channels or "
            "times may be differences between models; score everything by one model before comparing."
        )
        if bundle is not None:
            warnings.append(f"Quality and frame names on this page are those of {bundle.model_id} alone.")
    if data.is_interrupted:
        warnings.append("The last scoring run did not end: some posts of its input are not scored yet.")
    if data.channels_merged:
        warnings.append(
            f"The {data.channels_merged:,} channels with the fewest posts are counted together as "
            "“other channels”; the table names them."
        )
    return warnings


def _span(totals: dict[str, Any]) -> str:
    if pd.isna(totals["first"]):
        return "no dates"
    first, last = f"{totals['first']:%Y-%m-%d}", f"{totals['last']:%Y-%m-%d}"
    return first if first == last else f"{first} to {last}"


def _table_note(data: ReportData) -> str:
    shown = len(data.payload["rows"]["name"])
    notes = [f"All {shown:,} posts with a frame are here."]
    if data.posts_left_out:
        notes[0] = (
            f"The table holds a selection: {shown:,} posts of {shown + data.posts_left_out:,} with a frame, the most "
            "probable of each frame. Plots and counts are of all posts."
        )
    if data.texts_left_out:
        notes.append(
            f"The text of {data.texts_left_out:,} pieces of evidence, the least probable, is left out to keep the "
            "file small; the search does not find them."
        )
    if data.texts_shortened:
        notes.append(f"{data.texts_shortened:,} long sentences are shortened, which is marked.")
    return " ".join(notes)


def _left_out(data: ReportData) -> list[tuple[str, str]]:
    totals = data.totals
    return [
        (
            "Posts without any frame",
            f"{int(totals['posts'] - totals['with_frames']):,}: counted in all shares, not in the table",
        ),
        ("Posts with a frame, not in the table", f"{data.posts_left_out:,}"),
        ("Posts without a date", f"{int(totals['undated']):,}: not in the plots over time"),
        (
            "Posts without a sentence to score",
            f"{int(totals['without_sentences']):,}: counted as posts without a frame",
        ),
        (
            "Boilerplate sentences",
            f"{int(totals['boilerplate']):,}: subscription lines and the like, seen and not scored",
        ),
        ("Evidence without its text", f"{data.texts_left_out:,}"),
        ("Evidence shortened", f"{data.texts_shortened:,} sentences"),
        ("Older versions of edited posts", "not counted; the scores keep them"),
    ]


def _provenance(scores: Path, data: ReportData, bundle: ModelBundle | None) -> list[tuple[str, str]]:
    rows = [("Output folder", scores.resolve().name)]
    for model in data.models:
        stamps = [f"{model[name]:%Y-%m-%d %H:%M} UTC" for name in ("first", "last")]
        when = stamps[0] if stamps[0] == stamps[1] else f"{stamps[0]} to {stamps[1]}"
        rows.append(("Scored by", f"{model['model_id']}: {model['posts']:,} posts, {when}"))
        rows += [("its bundle hash", model["bundle_hash"]), ("its codebook hash", model["codebook_hash"])]
    if bundle is not None:
        rows += describe_origin(bundle)
    return [
        *rows,
        ("Report written at", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("narrative-frames", installed_version("narrative-frames") or "unknown"),
        ("Plots", f"Vega-Lite, from vl-convert-python {installed_version('vl-convert-python')}"),
    ]
