"""What a report says of what it does not show: records that could not be read, posts and texts that do not fit."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from pipeline.reporting.report_data import ReportData
from pipeline.scoring.score_output import REJECTS

_REASONS: Final = 20  # listed by name
_EXAMPLES: Final = 10
_EXCERPT: Final = 200  # characters


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


def note_table(data: ReportData) -> str:
    """What the table of posts holds and what it does not."""
    shown, plain = data.posts_in_table, len(data.payload["plain"]["row"])
    notes = [f"All {shown:,} posts with a frame are here"]
    if data.posts_left_out:
        notes[0] = (
            f"The table holds a selection: {shown:,} posts of {shown + data.posts_left_out:,} with a frame, the most "
            "probable of each frame; plots and counts are of all posts"
        )
    if data.plain_left_out:
        notes.append(
            f"{plain:,} of the {plain + data.plain_left_out:,} posts without a frame, drawn by chance, can be read"
        )
    elif plain:
        notes.append(f"all {plain:,} posts without a frame can be read: choose them below")
    notes = ["; ".join(notes) + "."]
    if data.texts_left_out:
        notes.append(
            f"The text of {data.texts_left_out:,} pieces of evidence, the least probable, is left out to keep the "
            "file small; the search does not find them."
        )
    if data.texts_shortened:
        notes.append(f"{data.texts_shortened:,} long sentences are shortened, which is marked.")
    return " ".join(notes)


def list_left_out(data: ReportData) -> list[tuple[str, str]]:
    """Title and count of each kind of what is not in plots or table."""
    totals = data.totals
    return [
        ("Posts with a frame, not in the table", f"{data.posts_left_out:,}"),
        ("Posts without any frame, not in the table", f"{data.plain_left_out:,}: counted in all shares"),
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
