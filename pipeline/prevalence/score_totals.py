"""What the scores say about all units: sums for each cell (channel and month, say), and the scores of single units.

Sums are made by DuckDB; only one row for each cell, and one for each unit of the sample, reach Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_output import read_tables
from pipeline.scoring.score_posts import probability_column
from pipeline.scoring.score_queries import quote_name, quote_text

# The units with the columns that cells may be made of; a sentence has those of its post besides its own language.
SCORED = {
    "post": "(FROM current_posts) AS units",
    "sentence": "(FROM current_sentences JOIN "
    "(SELECT post_key, edited_at, forwarded_from, views, forwards FROM current_posts) USING (post_key)) AS units",
}


@dataclass(frozen=True, eq=False)
class ScoreTotals:
    """Sums over the current scores, one row for each cell.

    Attributes:
        unit: "post" or "sentence".
        frame_ids: names of the columns.
        cells: a column for each key (channel, month, ...) and n (units), index 0..c-1, sorted.
        decided: units for which each frame was decided, shape (c, k).
        probability: sum of the units' calibrated probabilities, shape (c, k).
        n_empty: posts without a scored sentence, which are no units.
        models: model_id and bundle_hash of every model whose scores are current, with the number of its units.
        others: sums of further scores of the same units, each of shape (c, k).
    """

    unit: str
    frame_ids: tuple[str, ...]
    cells: pd.DataFrame
    decided: NDArray[np.float64]
    probability: NDArray[np.float64]
    n_empty: int
    models: tuple[dict[str, str | int], ...]
    others: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, eq=False)
class UnitScores:
    """The scores of the units that were asked for, in their order.

    Attributes:
        found: which of them are units of the scores, shape (n,).
        cells: their keys; missing where not found.
        probability: calibrated, shape (n, k); NaN where not found.
    """

    found: NDArray[np.bool_]
    cells: pd.DataFrame
    probability: NDArray[np.float64]


def read_frames(out: Path) -> tuple[str, ...]:
    """Frame ids of an output folder.

    Raises:
        DataError: no scores there.
    """
    return read_tables(out).frame_ids


def read_parents(out: Path) -> dict[str, str]:
    """The parent of each frame that implies one, by the model that scored last."""
    run = read_tables(out).read_last_run() or {}
    frames = set(read_frames(out))
    return {child: parent for child, parent in run.get("parents", {}).items() if {child, parent} <= frames}


def sum_scores(out: Path, unit: str, frame_ids: Sequence[str], keys: Mapping[str, str]) -> ScoreTotals:
    """Sum the current scores of an output folder.

    Args:
        out: output folder of `frames predict`.
        unit: "post" or "sentence".
        frame_ids: columns wanted.
        keys: of the cells, as SQL by name, see `pipeline.prevalence.domains`.

    Raises:
        DataError: no scores there, or no unit in them.
    """
    sums = [f"sum({quote_name(probability_column(frame))}::DOUBLE)" for frame in frame_ids]
    counts = [f"count(*) FILTER (list_contains(frames, {quote_text(frame)}))" for frame in frame_ids]
    k = len(frame_ids)
    values = [f"v{i}" for i in range(2 * k)]
    figures = ", ".join(f"{what} AS {value}" for what, value in zip([*counts, *sums], values, strict=True))
    is_empty = "n_sentences = 0" if unit == "post" else "false"
    of_cell = f"{_name_keys(keys)}, model_id, bundle_hash, {is_empty} AS is_empty"
    with open_scores(out) as connection:
        table = connection.sql(
            f"SELECT {of_cell}, count(*) AS n, {figures} FROM {SCORED[unit]} GROUP BY ALL"  # noqa: S608 - names are quoted
        ).df()
    n_empty = int(table["n"][table["is_empty"]].sum())
    table = table[~table["is_empty"].to_numpy(bool)]
    if table.empty:
        raise DataError(f"{out}: no scored {unit}s, so there is no share to be told")
    models = table.groupby(["model_id", "bundle_hash"], dropna=False)["n"].sum().rename("units").reset_index()
    cells = table.groupby(list(keys))[["n", *values]].sum().reset_index()
    found = cells[values].to_numpy(np.float64)
    origins: tuple[dict[str, str | int], ...] = tuple(
        {"model_id": str(model_id), "bundle_hash": str(bundle_hash), "units": int(n)}
        for model_id, bundle_hash, n in models.itertuples(index=False)
    )
    return ScoreTotals(
        unit,
        tuple(frame_ids),
        cells[[*keys, "n"]],
        found[:, :k],
        found[:, k:],
        n_empty,
        origins,
    )


def look_up_scores(
    out: Path, unit: str, frame_ids: Sequence[str], keys: Mapping[str, str], units: pd.DataFrame
) -> UnitScores:
    """The scores of single units.

    Args:
        out: output folder of `frames predict`.
        unit: "post" or "sentence".
        frame_ids: columns wanted.
        keys: of the cells, as SQL by name.
        units: columns post_key and sentence_index, shape (n, ...).

    Raises:
        DataError: no scores there.
    """
    names = "post_key" if unit == "post" else "post_key, sentence_index"
    figures = ", ".join(
        f"{quote_name(probability_column(frame))}::DOUBLE AS v{i}" for i, frame in enumerate(frame_ids)
    )
    with open_scores(out) as connection:
        connection.register("wanted", number_units(units, unit))
        has_text = "WHERE n_sentences > 0" if unit == "post" else ""
        table = connection.sql(
            f"SELECT row, true AS found, {_name_keys(keys)}, {figures} FROM wanted "  # noqa: S608 - names are quoted
            f"JOIN {SCORED[unit]} USING ({names}) {has_text}"
        ).df()
    table = table.set_index("row").reindex(np.arange(len(units)))
    found = np.asarray(table["found"].notna(), bool)
    probability = table[[f"v{i}" for i in range(len(frame_ids))]].to_numpy(np.float64)
    return UnitScores(found, table[list(keys)], probability)


def sum_others(
    out: Path, unit: str, n_frames: int, keys: Mapping[str, str], path: Path
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Sums of other scores over the same cells: cells with their n, and the sums, shape (c, k).

    Args:
        out: output folder of `frames predict`, whose units they are of.
        unit: "post" or "sentence".
        n_frames: columns s0, s1, ... of the other scores.
        keys: of the cells, as SQL by name.
        path: Parquet with post_key, sentence_index and these columns.
    """
    sums = ", ".join(f"sum(s{i}) AS s{i}" for i in range(n_frames))
    has_text = "WHERE n_sentences > 0" if unit == "post" else ""
    with open_scores(out) as connection:
        table = connection.sql(
            f"SELECT {_name_keys(keys)}, count(*) AS n, {sums} FROM {SCORED[unit]} "  # noqa: S608 - names are quoted
            f"JOIN {_read_others(path, unit)} {has_text} GROUP BY ALL"
        ).df()
    table = table.sort_values(list(keys)).reset_index(drop=True)
    return table[[*keys, "n"]], table[[f"s{i}" for i in range(n_frames)]].to_numpy(np.float64)


def look_up_others(
    out: Path, unit: str, n_frames: int, path: Path, units: pd.DataFrame
) -> NDArray[np.float64]:
    """Other scores of single units, shape (n, k), NaN where there is none; see `sum_others`."""
    names = "post_key" if unit == "post" else "post_key, sentence_index"
    columns = ", ".join(f"s{i}" for i in range(n_frames))
    with open_scores(out) as connection:
        connection.register("wanted", number_units(units, unit))
        table = connection.sql(
            f"SELECT row, {columns} FROM wanted JOIN {_read_others(path, unit, names)}"  # noqa: S608 - names of ours
        ).df()
    return np.asarray(table.set_index("row").reindex(np.arange(len(units))), np.float64)


def find_unscored(out: Path, unit: str, path: Path) -> list[str]:
    """Keys of units of an output of which there are no other scores, a few of them."""
    has_text = "WHERE n_sentences > 0" if unit == "post" else ""
    with open_scores(out) as connection:
        rows = connection.sql(
            f"SELECT post_key FROM (SELECT * FROM {SCORED[unit]} {has_text}) "  # noqa: S608 - names of ours
            f"ANTI JOIN {_read_others(path, unit)} ORDER BY 1 LIMIT 3"
        ).fetchall()
    return [str(key) for (key,) in rows]


def _read_others(path: Path, unit: str, names: str | None = None) -> str:
    """Other scores as the right side of a join."""
    kept = "" if unit == "sentence" else "EXCLUDE (sentence_index) "
    using = names or ("post_key" if unit == "post" else "post_key, sentence_index")
    return f"(SELECT * {kept}FROM read_parquet({quote_text(str(path))})) AS others USING ({using})"


def number_units(units: pd.DataFrame, unit: str) -> pa.Table:
    """Post_key, sentence_index (of sentences alone) and row, from 0 on, as DuckDB joins them."""
    columns = {
        "row": pa.array(np.arange(len(units))),
        "post_key": pa.array(units["post_key"], pa.string()),
    }
    if unit == "sentence":
        columns["sentence_index"] = pa.array(units["sentence_index"], pa.int32())
    return pa.table(columns)


def _name_keys(keys: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {quote_name(name)}" for name, expression in keys.items())
