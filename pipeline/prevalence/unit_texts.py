"""What units of the scores say now: their sentences, with the probabilities of each and the model that gave them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from pipeline.annotation.sample_files import digest_unit
from pipeline.data.text.sentences import split_sentences
from pipeline.prevalence.score_totals import number_units
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_posts import probability_column

_ROWS_AT_ONCE: Final = 20_000


def read_sentences(out: Path, unit: str, units: pd.DataFrame, frame_ids: Sequence[str]) -> pd.DataFrame:
    """The current sentences of units, in order.

    Args:
        out: output folder of `frames predict`.
        unit: "post" or "sentence".
        units: columns post_key and sentence_index, shape (n, ...).
        frame_ids: whose probabilities are wanted.

    Returns:
        Columns row (0 to n-1, of the unit), post_key, sentence_index, text, bundle_hash and one probability for each
        frame, by its id; no row for a unit that is not in the scores.
    """
    names = "post_key" if unit == "post" else "post_key, sentence_index"
    columns = [
        "row",
        "post_key",
        "sentence_index",
        "text",
        "bundle_hash",
        *map(probability_column, frame_ids),
    ]
    quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    with open_scores(out) as connection:
        connection.register("wanted", number_units(units, unit))
        table: pd.DataFrame = connection.sql(
            f"SELECT {quoted} FROM wanted JOIN current_sentences USING ({names}) ORDER BY row, sentence_index"  # noqa: S608 - names are quoted
        ).df()
    return table.set_axis([*columns[:5], *frame_ids], axis="columns")


def iter_texts(out: Path) -> Iterator[pd.DataFrame]:
    """All current sentences, some thousand at a time: post_key, sentence_index, text, bundle_hash."""
    with open_scores(out) as connection:
        result = connection.sql("SELECT post_key, sentence_index, text, bundle_hash FROM current_sentences")
        for batch in result.to_arrow_reader(_ROWS_AT_ONCE):
            yield batch.to_pandas()


def choose_others(out: Path, unit: str, units: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many units of the scores that are none of `units`, by chance: post_key and sentence_index.

    The same output gives the same ones: they are those whose keys have the smallest digests.
    """
    index = "-1" if unit == "post" else "sentence_index"
    has_text = "WHERE n_sentences > 0" if unit == "post" else ""
    names = "post_key" if unit == "post" else "post_key, sentence_index"
    with open_scores(out) as connection:
        connection.register("wanted", number_units(units, unit))
        table: pd.DataFrame = connection.sql(
            f"SELECT post_key, {index} AS sentence_index FROM (FROM current_{unit}s {has_text}) "  # noqa: S608 - names of ours
            f"ANTI JOIN wanted USING ({names}) ORDER BY md5('frames ' || post_key || ' ' || {index}), 1, 2 LIMIT {most}"
        ).df()
    return table


def find_changed(units: pd.DataFrame, sentences: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which units say something else than when they were drawn, shape (n,); those not in the scores do not.

    Args:
        units: of a sample: digest (None where the sample keeps none) and text.
        sentences: what they say now, by `read_sentences`.
    """
    changed = np.zeros(len(units), bool)
    for row, group in sentences.groupby("row")["text"]:
        now, place = digest_unit(group), int(str(row))
        digest, text = units["digest"].iloc[place], units["text"].iloc[place]
        if digest is None:  # older samples: the coded text, with what is not scored taken off
            kept = [s.text for s in split_sentences(text) if not s.is_boilerplate]
            changed[place] = now not in {digest_unit([text]), digest_unit(kept)}
        else:
            changed[place] = now != digest
    return changed
