"""Current posts with their frames, and which of them are copies of one another: forwards, edits, quotations."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.scoring.read_scores import open_scores

# The text of a post without its boilerplate, which would make strangers copies of one another.
_POSTS = """
SELECT post_key, content_hash, channel, message_id, published_at, coalesce(forwarded_from, '') AS forwarded_from,
    lang, frames, text
FROM current_posts JOIN (
    SELECT sequence, string_agg(text, ' ' ORDER BY sentence_index) AS text FROM current_sentences GROUP BY sequence
) USING (sequence)
WHERE {condition}
ORDER BY published_at, post_key
"""


def read_copies(
    scores: Path, condition: str = "true", parameters: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Posts with at least one scored sentence, earliest first, those without a time last.

    Args:
        scores: output folder of `frames predict`.
        condition: which posts, as SQL over the columns of the scores.
        parameters: values of the condition's names.

    Returns:
        Columns post_key, content_hash, channel, message_id, published_at, forwarded_from ("" for none), lang, frames
        (lists), text, and cluster: the number of the first row of the post's cluster of copies, see
        `pipeline.data.copies.near_duplicates`. About a millisecond a post.
    """
    with open_scores(scores) as connection:
        posts: pd.DataFrame = connection.execute(
            _POSTS.format(condition=condition), dict(parameters or {})
        ).df()
    posts["channel"] = posts["channel"].fillna("")
    posts["cluster"] = cluster_texts(list(posts["text"]), channels=list(posts["channel"]))
    return posts


def within(first: datetime | None, last: datetime | None) -> tuple[str, dict[str, datetime]]:
    """The condition of `read_copies` for posts from `first` on and before `last`; None is no end."""
    parts = [("published_at >= $first", "first", first), ("published_at < $last", "last", last)]
    chosen = [(text, name, moment) for text, name, moment in parts if moment is not None]
    return " AND ".join(["true", *(text for text, _, _ in chosen)]), {name: m for _, name, m in chosen}
