"""Posts without a frame for the report: a selection by chance, with their texts and the frame that came nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pandas as pd

from pipeline.reporting.evidence_texts import EvidenceTexts, add_text
from pipeline.scoring.score_posts import probability_column
from pipeline.scoring.score_queries import quote_name

if TYPE_CHECKING:
    from pipeline.reporting.report_data import Limits

# Digests draw the same posts each time, whatever their probabilities.
_PLAIN: Final = """
CREATE TEMP TABLE plain AS
SELECT post_key, channel, period, message_id, lang, published_at, row_number() OVER () AS rank FROM (
    FROM post WHERE coalesce(len(evidence), 0) = 0 ORDER BY md5('plain ' || post_key), post_key LIMIT $most)
"""
_TEXTS: Final = """
SELECT rank, left(string_agg(text, ' ' ORDER BY sentence_index), $chars + 1) AS text, any_value(plain.lang) AS lang
FROM plain JOIN current_sentences USING (post_key) GROUP BY rank
"""


@dataclass(frozen=True, slots=True)
class PlainPosts:
    """The chosen posts.

    Attributes:
        rows: post_key, channel, period, message_id, lang, published_at, shape (n, ...).
        texts: number of each post's text, -1 where it has none.
        nearest: number of the most probable frame, -1 where nothing was scored; permille: its probability.
    """

    rows: pd.DataFrame
    texts: list[int]
    nearest: list[int]
    permille: list[int]


def add_plain_posts(
    connection: duckdb.DuckDBPyConnection, texts: EvidenceTexts, frame_ids: Sequence[str], limits: "Limits"
) -> PlainPosts:
    """Choose posts of the table `post` until the budget is spent, and add their texts to those of the page."""
    connection.execute(_PLAIN, {"most": limits.plain_posts})
    found = connection.execute(_TEXTS, {"chars": limits.plain_chars}).fetchall()
    by_rank = {rank: (text, lang or "") for rank, text, lang in found}
    columns = ", ".join(quote_name(probability_column(frame)) for frame in frame_ids)
    rows = connection.sql(
        f"SELECT plain.*, [{columns}] AS scores FROM plain JOIN current_posts USING (post_key) ORDER BY rank"  # noqa: S608 - names are quoted
    ).df()
    room, numbers = limits.plain_bytes, list[int]()
    for rank in rows["rank"]:
        if room <= 0:
            break
        text = by_rank.get(rank)
        numbers.append(-1 if text is None else len(texts.texts))
        room -= 0 if text is None else add_text(texts, *text, limits.plain_chars)
    rows = rows.iloc[: len(numbers)]
    scores = np.array([np.nan_to_num(np.asarray(row, float), nan=-1.0) for row in rows["scores"]])
    scores = scores.reshape(len(rows), len(frame_ids))
    best = scores.argmax(axis=1) if len(rows) else np.zeros(0, int)
    largest = scores[np.arange(len(rows)), best]
    return PlainPosts(
        rows.drop(columns=["scores", "rank"]),
        numbers,
        np.where(largest < 0, -1, best).tolist(),
        np.clip((largest * 1000).astype(int), 0, 999).tolist(),
    )
