"""`frames report`: the current scores of an output folder as one HTML page."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pipeline.bundle import ModelBundle
from pipeline.config.time_zones import read_zone
from pipeline.errors import ConfigError, DataError, shorten
from pipeline.prevalence.share_records import find_absent
from pipeline.reporting.drift_section import describe_drift
from pipeline.reporting.events import Event
from pipeline.reporting.html_page import render_page, write_page
from pipeline.reporting.language_table import describe_languages
from pipeline.reporting.left_out import list_left_out, note_table, read_rejects
from pipeline.reporting.model_facts import describe_origin, describe_quality, frame_titles
from pipeline.reporting.monitoring_section import describe_edits
from pipeline.reporting.periods import UNITS, find_partial
from pipeline.reporting.print_figures import write_figures
from pipeline.reporting.report_data import Limits, ReportData, collect_report_data
from pipeline.reporting.seen_posts import count_seen_posts
from pipeline.reporting.share_plots import collect_share_plots
from pipeline.scoring.score_output import REJECTS
from pipeline.tracking.provenance import installed_version

_SCRIPTS: Final = ("report_plots.js", "report_shares.js", "report_posts.js", "report.js")


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written.

    Attributes:
        path: the file; size: in bytes.
        posts: current posts, all counted; posts_in_table: of those with frames.
        warnings: what a reader has to know, also said on the page, and letters that no font of the figures has.
        figures: files of figures in print size.
    """

    path: Path
    size: int
    posts: int
    posts_in_table: int
    warnings: tuple[str, ...]
    figures: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        paths = {"path": str(self.path), "figures": [str(path) for path in self.figures]}
        return asdict(self) | paths | {"warnings": list(self.warnings)}


def write_report(
    scores: Path,
    output: Path,
    *,
    bundle: ModelBundle | None = None,
    sample: Path | Sequence[Path] = (),
    empty_is_coded: bool = False,
    posts: Path | None = None,
    title: str | None = None,
    events: Sequence[Event] = (),
    link: str | None = None,
    figures: Path | None = None,
    timezone: str | None = None,
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
        events: lines in the plots over time.
        link: how the link to a post is made, with {channel} and {message_id}; None for posts of public Telegram
            channels alone.
        figures: folder for the main figures in print size; None for none.
        timezone: where months and days begin, and by whose clock times are shown; None for UTC.
        limits: how much the page holds.

    Raises:
        ConfigError: a link that is no address.
        DataError: no such time zone, no scores, a model that did not make them, a sample that does not fit them, no
            room to write.
    """
    _check_link(link)
    zone = UTC if timezone is None else read_zone(timezone)
    data = collect_report_data(scores, limits, zone)
    if bundle is not None:
        _check_model(scores, data, bundle)
    shares = (
        collect_share_plots(scores, sample, data.frame_ids, empty_is_coded=empty_is_coded, timezone=timezone)
        if sample
        else None
    )
    warnings = _warnings(data, bundle)
    seen = count_seen_posts(scores, bundle) if bundle else None
    of_posts = shares.report.estimates if shares and shares.report.unit == "post" else ()
    languages = describe_languages(data.languages, data.frame_ids, bundle, of_posts)
    inside, outside = _part_events(events, data.totals)
    payload = data.payload | {
        "unit": data.unit,
        "partial": _find_partial(data.totals),
        "events": [[f"{event.day}", event.label] for event in inside],
        "link": link,
        "frame_names": frame_titles(bundle) if bundle else {},
        "frame_definitions": {frame.id: frame.definition for frame in bundle.codebook.frames}
        if bundle
        else {},
        "shares": shares.columns if shares else None,
        "share_unit": shares.unit if shares else None,
        "share_of": f"{shares.report.unit}s" if shares else None,
        "contrasts": shares.contrasts if shares else None,
    }
    context = {
        "title": title or "Narrative frames in channel posts",
        "totals": data.totals,
        "span": _span(data.totals),
        "clock": "UTC" if timezone is None else f"{timezone} time",
        "warnings": warnings,
        "seen": seen.describe() if seen else None,
        "table_note": note_table(data),
        "quality": describe_quality(bundle) if bundle else None,
        "shares": shares,
        "events": inside,
        "events_outside": outside,
        "frame_titles": _titles(data, bundle),
        "languages": languages,
        "drift": describe_drift(scores, bundle, frame_titles(bundle), find_absent(of_posts))
        if bundle
        else None,
        "edits": describe_edits(scores, posts, bundle, payload["frame_names"], zone) if posts else None,
        "left_out": list_left_out(data),
        "rejects": read_rejects(scores / REJECTS),
        "provenance": _provenance(scores, data, bundle),
    }
    html = render_page("report.html.j2", scripts=_SCRIPTS, payload=payload, context=context)
    size = write_page(output, html)
    written, undrawn = (
        write_figures(figures, data, shares, _titles(data, bundle), inside)
        if figures is not None
        else ([], [])
    )
    told = (*warnings, *undrawn)
    return WrittenReport(output, size, int(data.totals["posts"]), data.posts_in_table, told, tuple(written))


def _check_link(link: str | None) -> None:
    if link is None:
        return
    left = link.replace("{channel}", "").replace("{message_id}", "")
    if not re.match(r"https?://", link) or "{message_id}" not in link or re.search(r"[{}\s\"<>]", left):
        raise ConfigError(
            f"--link-template {shorten(link, 80)}: expected an address that begins with https:// or http:// and holds "
            "{message_id} and, if wanted, {channel}: https://t.me/{channel}/{message_id}"
        )


def _find_partial(totals: dict[str, Any]) -> dict[str, str]:
    """Periods at the ends that the posts cover in part, of all units, in words."""
    if pd.isna(totals["first"]):
        return {}
    first, last = totals["first"].date(), totals["last"].date()
    return {name: words for unit in UNITS for name, words in find_partial(first, last, unit).items()}


def _part_events(events: Sequence[Event], totals: dict[str, Any]) -> tuple[list[Event], list[Event]]:
    """Those within the time of the posts, and the others, which no plot can show."""
    if pd.isna(totals["first"]):
        return [], list(events)
    first, last = totals["first"].date(), totals["last"].date()
    inside = [event for event in events if first <= event.day <= last]
    return inside, [event for event in events if event not in inside]


def _titles(data: ReportData, bundle: ModelBundle | None) -> list[str]:
    """Names of the frames in the order of their numbers; ids where the model is not at hand."""
    names = frame_titles(bundle) if bundle else {}
    return [names.get(frame, frame) for frame in data.frame_ids]


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


def _provenance(scores: Path, data: ReportData, bundle: ModelBundle | None) -> list[tuple[str, str]]:
    rows = [("Output folder", scores.resolve().name)]
    for model in data.models:
        stamps = [f"{model[name].tz_convert(UTC):%Y-%m-%d %H:%M} UTC" for name in ("first", "last")]
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
