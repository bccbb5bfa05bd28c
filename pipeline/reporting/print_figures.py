"""The main figures of a report as files for print: SVG, PNG and the plotted figures as CSV.

Black and greys, told apart by shape; axes have titles. A pixel of the specification is a point (1/72 inch) in print.
"""

import csv
import io
import json
import math
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline.data.tables.table_files import guard_formula
from pipeline.files.durable_files import explain_full_disk, new_file, replacing
from pipeline.reporting.events import Event
from pipeline.reporting.figure_data import (
    CORRECTED,
    KINDS,
    Rows,
    channel_rows,
    contrast_rows,
    share_rows,
    time_rows,
)
from pipeline.reporting.figure_fonts import choose_family, name_fonts, note_undrawn
from pipeline.reporting.report_data import ReportData
from pipeline.reporting.share_plots import SharePlots

_DOTS: Final = 300  # an inch of the PNG
_WIDTH: Final = 300  # of a plot that fills a page of 16 cm with its labels
_PANEL: Final = (125, 80)  # width and height of one of several
_PANEL_LETTERS: Final = 32  # that stand side by side above it
_MOST_TICKS: Final = 4  # of periods under it
_MOST_LINES: Final = 60  # of a figure of differences; beyond it the CSV alone
_CROSS: Final = "M-.8,-.8L.8,.8M.8,-.8L-.8,.8"
_BLACK, _GREY, _PALE = "#000000", "#5f5f5f", "#d9d9d9"
_CONFIG: Final = {
    "background": "white",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 8,
        "titleFontSize": 9,
        "titleFontWeight": "normal",
        "labelLimit": 0,  # a name that is cut off could be another's
        "gridColor": _PALE,
        "domainColor": _GREY,
        "tickColor": _GREY,
    },
    "legend": {"labelFontSize": 8, "labelLimit": 400, "orient": "bottom", "title": None, "columns": 1},
    "header": {"labelFontSize": 8, "labelLimit": 0, "title": None},
    "title": {"fontSize": 10, "subtitleFontSize": 8, "anchor": "start", "fontWeight": "normal"},
}
_FORMATS: Final = {"month": "%b %Y", "quarter": "Q%q %Y", "year": "%Y"}


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure: the stem of its files, the plotted rows, and its specification without data; None for rows alone."""

    name: str
    rows: Rows
    spec: dict[str, Any] | None
    data: dict[str, Rows] = field(default_factory=dict)


def write_figures(
    folder: Path, data: ReportData, shares: SharePlots | None, titles: Sequence[str], events: Sequence[Event]
) -> tuple[list[Path], list[str]]:
    """Write the figures into a folder, replacing those of the same names.

    Args:
        folder: made if need be.
        data: counts of the report.
        shares: corrected ones, if there are any.
        titles: names of the frames in the order of their numbers.
        events: lines in plots over time.

    Returns:
        The files, and notes on what could not be drawn.

    Raises:
        DataError: no room to write.
    """
    of = "posts" if shares is None else f"{shares.report.unit}s"
    figures = [
        _overview(share_rows(data, shares, titles), of),
        _over_time(*time_rows(data, shares, titles), events, of),
        _channels(channel_rows(data, titles)),
    ]
    if shares is not None:
        figures += [_contrasts(name, rows) for name, rows in contrast_rows(shares, titles).items() if rows]
    written, lost = [], dict[str, None]()
    with explain_full_disk(folder.parent):
        folder.mkdir(parents=True, exist_ok=True)
        for figure in figures:
            rendered, undrawn = _render(figure)
            lost |= dict.fromkeys(undrawn)
            for suffix, content in rendered.items():
                path = folder / f"{figure.name}.{suffix}"
                with replacing(path) as temporary, new_file(temporary) as stream:
                    stream.write(content)
                written.append(path)
    return written, note_undrawn(list(lost), "write the report again")


def _render(figure: _Figure) -> tuple[dict[str, bytes], list[str]]:
    """The files by suffix, and texts that no font can draw."""
    import vl_convert  # noqa: PLC0415 - a large native library, for figures alone

    undrawn: list[str] = []
    files = {"csv": _write_csv(figure.rows).encode("utf-8-sig")}
    if figure.spec is not None:
        words = (value for row in figure.rows for value in row.values() if isinstance(value, str))
        spec = {"datasets": {"rows": figure.rows, **figure.data}, "data": {"name": "rows"}, **figure.spec}
        spec = {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "config": {"font": choose_family(words), **_CONFIG},
            **spec,
        }
        nothing: list[str] = []  # no address may be asked for anything
        svg, undrawn = name_fonts(vl_convert.vegalite_to_svg(spec, allowed_base_urls=nothing))
        files["svg"] = svg.encode()
        files["png"] = vl_convert.svg_to_png(svg, ppi=_DOTS, scale=1)
    return files, undrawn


def _write_csv(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["nothing"])
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {name: guard_formula(value) if isinstance(value, str) else value for name, value in row.items()}
        )
    return out.getvalue()


def _share(title: str) -> dict[str, Any]:
    return {
        "type": "quantitative",
        "title": title,
        "axis": {"format": ".0%", "tickCount": 5},
        "scale": {"domainMin": 0},
    }


def _layers(rows: Rows, along: str, across: dict[str, Any], of: str) -> list[dict[str, Any]]:
    """Interval, raw share and corrected share; `along` is the axis of the shares, the other one is that of `across`."""
    other = "y" if along == "x" else "x"
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    share = _share(f"share of {of}" if CORRECTED in kinds else f"raw share of {of}, not corrected")
    shapes, greys, fills = (
        {"domain": kinds, "range": [look[kind] for kind in kinds]}
        for look in (
            dict(zip(KINDS, ("circle", "diamond", _CROSS), strict=True)),
            dict(zip(KINDS, (_BLACK, _GREY, _BLACK), strict=True)),
            dict(zip(KINDS, (_BLACK, "white", "white"), strict=True)),
        )
    )
    points = {
        other: across,
        along: share | {"field": "share"},
        "shape": {"field": "kind", "type": "nominal", "scale": shapes},
        "color": {"field": "kind", "type": "nominal", "scale": greys},
        "fill": {"field": "kind", "type": "nominal", "scale": fills},
    }
    interval = {other: across, along: share | {"field": "low"}, f"{along}2": {"field": "high"}}
    return [
        {
            "transform": [{"filter": f"datum.kind === '{CORRECTED}' && isValid(datum.low)"}],
            "mark": {"type": "rule", "strokeWidth": 1.6, "color": _BLACK},
            "encoding": interval,
        },
        {
            "transform": [{"filter": "isValid(datum.share)"}],
            "mark": {"type": "point", "size": 26, "strokeWidth": 1, "opacity": 1},
            "encoding": points,
        },
    ]


def _overview(rows: Rows, of: str) -> _Figure:
    frame = {"field": "frame", "type": "nominal", "sort": None, "title": None, "axis": {"grid": True}}
    return _Figure(
        "shares",
        rows,
        {"width": _WIDTH, "height": {"step": 15}, "layer": _layers(rows, "x", frame, of)},
    )


def _over_time(unit: str, rows: Rows, partial: Rows, events: Sequence[Event], of: str) -> _Figure:
    """One panel a frame, three in a row; events are dashed lines with a number. Of posts without a date rows alone."""
    if not rows:
        return _Figure("shares-over-time", rows, None)
    days = sorted({str(row["day"]) for row in rows})
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc", "padding": 6},
        "title": unit,
        "axis": {
            "format": _FORMATS[unit],
            "values": [_as_moment(day) for day in days[:: math.ceil(len(days) / _MOST_TICKS)]],
            "labelOverlap": "greedy",
            "labelFlush": True,
            "grid": False,
        },
    }
    lines = [{"day": f"{event.day}", "number": str(i + 1)} for i, event in enumerate(events)]
    x_line = {"field": "day", "type": "temporal"}
    marks: list[dict[str, Any]] = _layers(rows, "y", x, of)
    if partial:
        marks.append(
            {
                "data": {"name": "partial"},
                "mark": {"type": "text", "fontSize": 6, "color": _GREY, "baseline": "bottom", "y": -5},
                "encoding": {"x": x_line, "text": {"value": "partial"}},
            }
        )
    if lines:
        marks += [
            {
                "data": {"name": "events"},
                "mark": {"type": "rule", "strokeDash": [3, 2], "color": _GREY},
                "encoding": {"x": x_line},
            },
            {
                "data": {"name": "events"},
                "mark": {"type": "text", "fontSize": 7, "dx": 4, "y": 4, "color": _GREY},
                "encoding": {"x": x_line, "text": {"field": "number"}},
            },
        ]
    width, height = _PANEL
    frames = list(dict.fromkeys(str(row["frame"]) for row in rows))
    in_lines = json.dumps({frame: _wrap(frame) for frame in frames})
    spec: dict[str, Any] = {
        "facet": {
            "field": "frame",
            "type": "nominal",
            "sort": frames,
            "header": {"labelExpr": f"({in_lines})[datum.label]"},
        },
        "columns": 3,
        "spec": {"width": width, "height": height, "layer": marks},
    }
    if events:
        named = [f"{i + 1}: {event.day} {event.label}" for i, event in enumerate(events)]
        spec["title"] = {"text": "Events", "subtitle": named}
    return _Figure("shares-over-time", rows, spec, {"partial": partial, "events": lines})


def _as_moment(day: str) -> dict[str, Any]:
    """A day as Vega-Lite writes it where it stands among the options of an axis."""
    year, month, date = map(int, day.split("-"))
    return {"year": year, "month": month, "date": date, "utc": True}


def _wrap(name: str) -> list[str]:
    """A name in lines that fit above one of several plots; wide letters, as of Chinese, take two places."""
    is_wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in name)
    return textwrap.wrap(name, _PANEL_LETTERS // (2 if is_wide else 1))


def _channels(rows: Rows) -> _Figure:
    encoding = {
        "x": {"field": "frame", "type": "nominal", "sort": None, "title": None, "axis": {"labelAngle": -60}},
        "y": {"field": "channel", "type": "nominal", "sort": None, "title": None},
    }
    shade = {
        "field": "raw_share",
        "type": "quantitative",
        "scale": {"range": ["#ffffff", "#6e6e6e"], "domainMin": 0},
        "legend": None,
    }
    text = {"field": "raw_share", "type": "quantitative", "format": ".0%"}
    return _Figure(
        "channels-by-frames",
        rows,
        {
            "width": {"step": 22},
            "height": {"step": 15},
            "title": {"text": "Raw share of a channel's posts with the frame, not corrected"},
            "encoding": encoding,
            "layer": [
                {"mark": "rect", "encoding": {"color": shade}},
                {"mark": {"type": "text", "fontSize": 7}, "encoding": {"text": text}},
            ],
        },
    )


def _contrasts(name: str, rows: Rows) -> _Figure:
    """Trends or differences, a line each; the thin interval holds together with the others of its frame."""
    if len(rows) > _MOST_LINES:
        return _Figure(name, rows, None)
    compared = {str(row["compared"]) for row in rows}
    is_one = len(compared) == 1  # then the axis says what, and the lines the frames alone
    line = {
        "field": "frame" if is_one else "line",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"grid": True},
    }
    title = "percentage points" + (f", {compared.pop()}" if is_one else "") + ", with interval"
    if any(row["low_together"] is not None for row in rows):
        title += "; thin: all lines of a frame together"
    points = {"type": "quantitative", "title": title, "axis": {"tickCount": 6}}
    encoding = {"y": line, "x": {"field": "low", **points}, "x2": {"field": "high"}}
    together = {"y": line, "x": {"field": "low_together", **points}, "x2": {"field": "high_together"}}
    spec = {
        "width": _WIDTH,
        "height": {"step": 14},
        "layer": [
            {"mark": {"type": "rule", "color": _GREY, "strokeDash": [2, 2]}, "encoding": {"x": {"datum": 0}}},
            {"mark": {"type": "rule", "color": _GREY, "strokeWidth": 0.8}, "encoding": together},
            {"mark": {"type": "rule", "color": _BLACK, "strokeWidth": 2}, "encoding": encoding},
            {
                "mark": {"type": "point", "filled": True, "size": 28, "color": _BLACK, "opacity": 1},
                "encoding": {"y": line, "x": {"field": "value", **points}},
            },
        ],
    }
    return _Figure(name, rows, spec)
