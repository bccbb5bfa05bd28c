"""What monitoring finds, as the HTML report shows it."""

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Final

from pipeline.bundle import ModelBundle
from pipeline.monitoring.edits import Edit, find_edits, shorten_same

_EDITS: Final = 50  # in the page
_SAME: Final = 120  # characters of what stayed the same, on either side of a change
_CHANGED: Final = 600  # characters of a change


def describe_edits(
    scores: Path, posts: Path, bundle: ModelBundle | None, frame_names: dict[str, str], zone: tzinfo = UTC
) -> dict[str, Any]:
    """Edits that changed frames, latest first.

    Args:
        scores: output folder of `frames predict`.
        posts: posts table.
        bundle: the model that scored.
        frame_names: by frame id.
        zone: of times.
    """
    report = find_edits(posts, scores, bundle)
    notes = []
    if report.not_judged:
        notes.append(f"{report.not_judged:,} edits have a text that was never scored and are not compared.")
    if len(report.changing) > _EDITS:
        notes.append(f"The latest {_EDITS} of {len(report.changing):,} are shown; `frames edits` has all.")
    return {
        "explanation": (
            "Posts that two exports show with two texts, and whose frames differ between them, by the classifier's "
            "decisions and with its errors: the two probabilities stand beside each frame. Words that were taken out "
            "are struck through, words that were put in are underlined. An edit between two exports that was taken "
            "back, or made before the first export, is not seen."
        ),
        "summary": (
            f"{report.posts_edited:,} posts have several texts, {len(report.edits):,} edits in all; "
            f"{len(report.changing):,} changed a frame."
        ),
        "notes": notes,
        "edits": [_describe(edit, frame_names, zone) for edit in report.changing[:_EDITS]],
    }


def _describe(edit: Edit, frame_names: dict[str, str], zone: tzinfo) -> dict[str, Any]:
    def name(frames: dict[str, tuple[float, float]]) -> list[str]:
        return [
            f"{frame_names.get(frame, frame)} ({before:.2f} → {after:.2f})"
            for frame, (before, after) in frames.items()
        ]

    channel = edit.post_key[: max(edit.post_key.rfind(sign) for sign in "/#")]
    return {
        "channel": channel,  # apart from what follows it, which a name written from the right would draw before it
        "number": edit.post_key[len(channel) :],
        "when": edit.describe_time(zone),
        "gained": name(edit.gained),
        "lost": name(edit.lost),
        "marks": [
            (mark, text if mark == "=" or len(text) <= _CHANGED else f"{text[:_CHANGED]} … [shortened]")
            for mark, text in shorten_same(edit.marks, _SAME)
        ],
    }
