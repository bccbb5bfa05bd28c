"""Frames by language: raw shares, corrected ones where labels allow them, and what training never showed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from pipeline.bundle import ModelBundle
from pipeline.data.text.language import UNDETERMINED
from pipeline.prevalence.share_records import ShareEstimate
from pipeline.scoring.unfamiliar_posts import find_untaught

_MOST: Final = 12  # languages with a row of their own


def describe_languages(
    counts: pd.DataFrame,
    frame_ids: Sequence[str],
    bundle: ModelBundle | None,
    estimates: Sequence[ShareEstimate] = (),
) -> list[dict[str, Any]]:
    """One row for each language, the most frequent first; none where all posts are in one.

    Args:
        counts: columns lang, frame ("" for posts in all) and posts.
        frame_ids: in column order.
        bundle: tells which frames training never showed in a language.
        estimates: corrected shares, of which those of the domain "language" are taken.
    """
    whole = counts[counts["frame"] == ""].sort_values("posts", ascending=False, kind="stable")
    posts = {str(lang): int(n) for lang, n in zip(whole["lang"], whole["posts"], strict=True)}
    if len(posts) < 2:  # noqa: PLR2004 - nothing to compare
        return []
    carried = counts[counts["frame"] != ""].set_index(["lang", "frame"])["posts"].to_dict()
    untaught = find_untaught(bundle, {lang or UNDETERMINED: n for lang, n in posts.items()}) if bundle else {}
    corrected = {(e.group, e.frame): e for e in estimates if e.domain == "language"}
    return [
        {
            "name": lang or "not determined",
            "posts": n,
            "cells": [
                _describe_cell(
                    carried.get((lang, frame), 0) / n,
                    corrected.get((lang or "unknown", frame)),
                    is_untaught=lang in untaught.get(frame, ()),
                )
                for frame in frame_ids
            ],
        }
        for lang, n in list(posts.items())[:_MOST]
    ]


def _describe_cell(raw: float, estimate: ShareEstimate | None, *, is_untaught: bool) -> Mapping[str, Any]:
    value = estimate.corrected if estimate is not None and estimate.corrected.value is not None else None
    shows_none = estimate is not None and estimate.shows_none
    coded = estimate.n_labelled if shows_none and estimate is not None else None
    return {"raw": raw, "corrected": value, "is_untaught": is_untaught, "coded_without": coded}
