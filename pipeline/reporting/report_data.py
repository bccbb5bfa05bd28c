"""What the HTML report shows of an output folder: complete counts, and a selection of posts with their evidence.

Counts are over every current post, whatever their number; they are kept for each channel, month, frame and step
of probability, so that the page can filter them without the posts. Posts themselves, and the text of their
evidence, are taken most probable first until `Limits` is reached; what is left out is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd

from pipeline.errors import DataError
from pipeline.reporting.evidence_texts import EvidenceTexts, add_texts
from pipeline.reporting.plain_posts import PlainPosts, add_plain_posts
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_output import read_tables
from pipeline.scoring.score_queries import quote_text

STEPS: Final = 20  # of probability: the page filters in steps of 0.05
_MOST_COUNTS: Final = 300_000  # rows of a table of counts; about 0.5 MB in the page
_CHANNEL_LIMITS: Final = (400, 100, 40, 15, 6)  # tried in this order until the counts fit
_MOST_MONTHS: Final = 120  # beyond ten years, periods are years

# Evidence holds the sentence for each decided frame; its probability is the post's, in thousandths here.
_POSTS = """
CREATE TEMP TABLE post AS
SELECT post_key, coalesce(channel, '') AS channel, message_id, coalesce(lang, '') AS lang, published_at,
       coalesce(strftime(published_at, '%Y-%m'), '') AS period, n_sentences, n_boilerplate, evidence,
       model_id, bundle_hash, codebook_hash, scored_at
FROM current_posts
"""
_MARKS = """
CREATE TEMP TABLE mark AS
SELECT post_key, channel, period, lang, e.frame AS frame, e.sentence_index AS sentence_index,
       least(floor(e.probability * 1000 + 1e-4)::INTEGER, 999) AS permille
FROM (SELECT post_key, channel, period, lang, unnest(evidence) AS e FROM post)
"""
_TOTALS = """
SELECT count(*) AS posts, count(DISTINCT channel) AS channels, min(published_at) AS first,
       max(published_at) AS last, count(*) FILTER (published_at IS NULL) AS undated,
       coalesce(sum(n_sentences), 0) AS sentences, coalesce(sum(n_boilerplate), 0) AS boilerplate,
       count(*) FILTER (n_sentences = 0) AS without_sentences, count(*) FILTER (len(evidence) > 0) AS with_frames
FROM post
"""
_MODELS = """
SELECT model_id, bundle_hash, codebook_hash, count(*) AS posts, min(scored_at) AS first, max(scored_at) AS last
FROM post GROUP BY ALL ORDER BY posts DESC, model_id
"""
_CELLS = "SELECT channel, period, count(*) AS posts FROM post GROUP BY ALL ORDER BY channel, period"
_COUNTS = """
SELECT channel, period, frame, permille * $steps // 1000 AS step, count(*) AS posts FROM mark
GROUP BY ALL ORDER BY ALL
"""
_LANGUAGES = """
SELECT lang, '' AS frame, count(*) AS posts FROM post GROUP BY ALL
UNION ALL SELECT lang, frame, count(*) FROM mark GROUP BY ALL
"""
# A pair is there at a least probability when both of its frames are.
_PAIRS = """
SELECT a.channel, a.period, a.frame AS first, b.frame AS second,
       least(a.permille, b.permille) * $steps // 1000 AS step, count(*) AS posts
FROM mark AS a JOIN mark AS b USING (post_key)
WHERE list_position($frames, a.frame) < list_position($frames, b.frame)
GROUP BY ALL ORDER BY ALL
"""
_CHOSEN = """
CREATE TEMP TABLE chosen AS
SELECT post_key, min(rank) AS rank FROM (
    SELECT post_key, row_number() OVER (PARTITION BY frame ORDER BY permille DESC, post_key) AS rank FROM mark)
GROUP BY post_key ORDER BY rank, post_key LIMIT $most
"""
_ROWS = """
SELECT post_key, channel, period, message_id, lang, published_at, rank
FROM chosen JOIN post USING (post_key) ORDER BY rank, post_key
"""
_CHOSEN_MARKS = """
SELECT post_key, frame, sentence_index, permille
FROM chosen JOIN mark USING (post_key)
ORDER BY rank, post_key, list_position($frames, frame)
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into one page; the defaults keep it below 6 MB.

    Attributes:
        posts: posts in the table.
        text_bytes: UTF-8 bytes of evidence sentences.
        context_bytes: UTF-8 bytes of the sentences before and after.
        text_chars: characters of one sentence; longer ones are shortened.
        plain_posts: posts without a frame; plain_bytes: UTF-8 bytes of their texts; plain_chars: characters of one.
    """

    posts: int = 50_000
    text_bytes: int = 5_000_000
    context_bytes: int = 400_000
    text_chars: int = 300
    plain_posts: int = 5_000
    plain_bytes: int = 800_000
    plain_chars: int = 600


@dataclass(frozen=True, slots=True)
class ReportData:
    """What the page is made of.

    Attributes:
        payload: for the page's script, plain values; its layout is that of `report.js`.
        totals: counts over all current posts, by name; first and last of them by the clock of `zone`.
        models: one row for each model whose scores are current.
        frame_ids: in column order.
        languages: posts by lang and frame ("" for posts in all).
        posts_left_out: posts with frames that the table does not hold; plain_left_out: without frames likewise.
        texts_left_out: evidence sentences whose text is not in the page; texts_shortened: of those that are.
        channels_merged: channels that are counted together as "other channels".
        unit: of the periods of counts, "month" or "year".
        zone: where months and days begin.
    """

    payload: dict[str, Any]
    totals: dict[str, Any]
    models: list[dict[str, Any]]
    frame_ids: tuple[str, ...]
    languages: pd.DataFrame
    posts_left_out: int
    plain_left_out: int
    texts_left_out: int
    texts_shortened: int
    channels_merged: int
    unit: str = "month"
    is_interrupted: bool = False
    zone: tzinfo = UTC

    @property
    def posts_in_table(self) -> int:
        """Posts with a frame that the page lists."""
        return len(self.payload["rows"]["name"]) - len(self.payload["plain"]["row"])


def collect_report_data(out: Path, limits: Limits | None = None, zone: tzinfo = UTC) -> ReportData:
    """Count the current posts of an output folder and choose what its report shows.

    Args:
        out: the output folder.
        limits: how much the page holds.
        zone: where months and days begin.

    Raises:
        DataError: no scores there, or none yet.
    """
    limits = limits or Limits()
    tables = read_tables(out)
    frame_ids, last_run = tables.frame_ids, tables.read_last_run()
    with open_scores(out) as connection:
        connection.execute(f"SET TimeZone = {quote_text(str(zone))}")
        connection.execute(_POSTS)
        connection.execute(_MARKS)
        totals = connection.sql(_TOTALS).df().iloc[0].to_dict()
        if not totals["posts"]:
            raise DataError(f"{out}: holds no scored post yet; score some with `frames predict`")
        connection.execute(_CHOSEN, {"most": limits.posts})
        counts, channels, merged, are_years = _count(connection, frame_ids)
        rows = connection.execute(_ROWS).df()
        marks = connection.execute(_CHOSEN_MARKS, {"frames": list(frame_ids)}).df()
        texts = add_texts(connection, marks, limits)
        plain = add_plain_posts(connection, texts, frame_ids, limits)
        languages = connection.sql(_LANGUAGES).df()
        models = connection.sql(_MODELS).df().to_dict("records")
    payload = {
        "frames": list(frame_ids),
        "steps": STEPS,
        "zone": str(zone),
        **counts,
        **_describe_rows(
            rows, marks, texts, plain, channels=channels, periods=counts["periods"], frame_ids=frame_ids
        ),
    }
    return ReportData(
        payload=payload,
        totals=totals,
        models=models,
        frame_ids=frame_ids,
        languages=languages,
        posts_left_out=int(totals["with_frames"]) - len(rows),
        plain_left_out=int(totals["posts"] - totals["with_frames"]) - len(plain.rows),
        texts_left_out=texts.left_out,
        texts_shortened=texts.shortened,
        channels_merged=merged,
        unit="year" if are_years else "month",
        is_interrupted=last_run is not None and not last_run.get("complete"),
        zone=zone,
    )


def _count(
    connection: duckdb.DuckDBPyConnection, frame_ids: Sequence[str]
) -> tuple[dict[str, Any], dict[str, int], int, bool]:
    """Tables of counts as columns of small numbers; the number of every channel; channels merged; years or not."""
    cells = connection.execute(_CELLS).df()
    counts = connection.execute(_COUNTS, {"steps": STEPS}).df()
    pairs = connection.execute(_PAIRS, {"steps": STEPS, "frames": list(frame_ids)}).df()
    tables = [cells, counts, pairs]
    are_years = cells["period"].nunique() > _MOST_MONTHS
    if are_years:
        for table in tables:
            table["period"] = table["period"].str[:4]
    names = cells.groupby("channel")["posts"].sum().sort_values(ascending=False, kind="stable").index.tolist()
    limit = len(names)
    for limit in (len(names), *(n for n in _CHANNEL_LIMITS if n < len(names))):
        number = {name: min(i, limit) for i, name in enumerate(names)}
        merged = [_merge(table, number) for table in tables]
        if max(map(len, merged)) <= _MOST_COUNTS:
            break
    periods = sorted(set(cells["period"]))
    frame_number = {frame: i for i, frame in enumerate(frame_ids)}
    period_number = {period: i for i, period in enumerate(periods)}
    for table in merged:
        table["period"] = table["period"].map(period_number)
        for column in {"frame", "first", "second"} & set(table.columns):
            table[column] = table[column].map(frame_number)
    kept = names[:limit]
    described = {
        "channels": kept,
        "merged": len(names) - len(kept),
        "periods": periods,
        **{
            title: {column: table[column].tolist() for column in table.columns}
            for title, table in zip(("cells", "counts", "pairs"), merged, strict=True)
        },
    }
    return described, number, len(names) - len(kept), are_years


def _merge(table: pd.DataFrame, number: dict[str, int]) -> pd.DataFrame:
    """The counts with channels as numbers, equal ones added up."""
    numbered = table.assign(channel=table["channel"].map(number))
    keys = [column for column in table.columns if column != "posts"]
    return numbered.groupby(keys, sort=True)["posts"].sum().reset_index()


def _describe_rows(
    rows: pd.DataFrame,
    marks: pd.DataFrame,
    texts: EvidenceTexts,
    plain: PlainPosts,
    *,
    channels: dict[str, int],
    periods: Sequence[str],
    frame_ids: Sequence[str],
) -> dict[str, Any]:
    """The chosen posts, those without a frame last, their marks (one for each frame) and texts, as columns."""
    n_marks = marks.groupby("post_key", sort=False).size()
    rows = pd.concat([rows, plain.rows], ignore_index=True) if len(plain.rows) else rows
    period_number = {period: i for i, period in enumerate(periods)}
    width = len(periods[-1]) if periods else 0
    languages = sorted({*rows["lang"], *texts.languages})
    names = sorted(set(rows["channel"]))
    name_number = {name: i for i, name in enumerate(names)}
    frame_number = {frame: i for i, frame in enumerate(frame_ids)}
    return {
        "names": names,
        "languages": languages,
        "rows": {
            "name": [name_number[name] for name in rows["channel"]],
            "channel": [channels[name] for name in rows["channel"]],
            "period": [period_number[period[:width]] for period in rows["period"]],
            "minute": _minutes(rows["published_at"]),
            "message": [None if pd.isna(number) else str(int(number)) for number in rows["message_id"]],
            "language": [languages.index(lang) for lang in rows["lang"]],
            "marks": n_marks.reindex(rows["post_key"], fill_value=0).tolist(),
        },
        "plain": {
            "row": list(range(len(rows) - len(plain.rows), len(rows))),
            "text": plain.texts,
            "frame": plain.nearest,
            "permille": plain.permille,
        },
        "marks": {
            "frame": [frame_number[frame] for frame in marks["frame"]],
            "permille": marks["permille"].tolist(),
            "text": texts.of_mark,
        },
        "texts": {
            "text": texts.texts,
            "language": [languages.index(lang) for lang in texts.languages],
            "shortened": texts.which_shortened,
        },
        "context": texts.context,
    }


def _minutes(times: pd.Series) -> list[int | None]:
    """Minutes from 1970 to what a clock in the zone of the times shows; None where the time is not known."""
    minutes = times.dt.tz_localize(None).astype("datetime64[s]").astype("int64") // 60
    return [None if unknown else int(m) for m, unknown in zip(minutes, times.isna(), strict=True)]
