"""Labelled texts: reading them, checking them against the codebook, and the table that everyone uses.

Nothing is guessed and nothing is dropped in silence: what cannot be read stops the reading, or is collected
in `LabelledData.rejects` when the caller asks for it.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import LANGUAGE_MODEL, NO_FRAME, PROPOSED, RowError, read_row
from pipeline.data.labels.label_columns import read_label_table
from pipeline.errors import DataError, shorten

COLUMNS = ("id", "text", "labels", "source", "date", "group", "lang")
FEW_POSITIVES = 10  # below this, a frame's figures say little
LISTED = 10  # faults that one message lists


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was left out because the caller allowed it: where it stood and why."""

    where: str
    reason: str


@dataclass(frozen=True, eq=False)
class LabelledData:
    """Texts with their frames.

    Attributes:
        table: index 0..n-1; columns id (str, unique), text (str), labels (tuple of frame ids in codebook
            order, empty for no frame), source, group, lang (str or None), date (datetime64[us, UTC], NaT
            where unknown); where (file and line); purpose ("estimate", "train" or None) where the file says why
            texts were drawn; and origin ("llm" or None) where rows of a language model are among them.
        frame_ids: all frames of the codebook, in column order.
        path: the file that was read.
        warnings: what is allowed but weakens the data, for people.
        rejects: rows left out, with reasons; empty unless rejecting was asked for.
    """

    table: pd.DataFrame
    frame_ids: tuple[str, ...]
    path: Path
    warnings: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def indicator(self) -> NDArray[np.int8]:
        """1 where a text carries a frame; shape (n, k), columns as in `frame_ids`."""
        column = {frame_id: j for j, frame_id in enumerate(self.frame_ids)}
        matrix = np.zeros((len(self.table), len(self.frame_ids)), dtype=np.int8)
        for i, labels in enumerate(self.table["labels"]):
            for label in labels:
                matrix[i, column[label]] = 1
        return matrix

    def count_positives(self) -> dict[str, int]:
        """How many texts carry each frame, in codebook order, zeros included."""
        counts = Counter(label for labels in self.table["labels"] for label in labels)
        return {frame_id: counts[frame_id] for frame_id in self.frame_ids}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of ids, texts and labels, independent of row order and file format."""
        rows = zip(self.table["id"], self.table["text"], self.table["labels"], strict=True)
        canonical = sorted((row_id, text, sorted(labels)) for row_id, text, labels in rows)
        return hashlib.sha256(json.dumps(canonical, ensure_ascii=False).encode()).hexdigest()

    def subset(self, indices: ArrayLike) -> "LabelledData":
        """The rows at these positions, in this order; warnings and rejects stay with the whole."""
        table = self.table.iloc[np.asarray(indices, dtype=np.int64)].reset_index(drop=True)
        return LabelledData(table, self.frame_ids, self.path)


def read_labelled(
    path: Path,
    codebook: Codebook,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    *,
    on_bad_row: Literal["error", "reject"] = "error",
    by_models_too: bool = False,
) -> LabelledData:
    """Read a labelled file, see `pipeline.data.labels.label_columns`.

    Args:
        path: the file; needs the columns text and labels, may have id, source, date, group, lang, purpose. Labels are
            a list, or text separated by ";"; empty or null means no frame.
        codebook: every label must be one of its frames.
        columns: our column names -> the file's, where they differ.
        encoding: of a text file that is not UTF-8.
        on_bad_row: "error" stops at rows that cannot be used (empty text, unreadable date, wrong type);
            "reject" collects them in `rejects`.
        by_models_too: also rows that a language model labelled, for who keeps them from judging anything.

    Raises:
        DataError: the file or a row cannot be used, a language model labelled rows, a label is not in the codebook, an
            id stands twice, a text of a single-label codebook has not exactly one label, or no row is left.
    """
    rows, rejects, zoneless, notes = _read_table_rows(path, columns or {}, codebook, encoding)
    if not by_models_too:
        _refuse_models(path, rows)
    faults = [*(_describe_rejects(rejects) if on_bad_row == "error" else ()), *_find_faults(rows, codebook)]
    if faults:
        raise DataError("\n".join(faults))
    if not rows:
        raise DataError(f"{path}: no usable row is left: {_list_rejects(rejects)}")
    without_parent = 0
    for row in rows:
        whole = codebook.add_parents(row["labels"])
        without_parent += len(whole) > len(set(row["labels"]))
        row["labels"] = whole
    _fill_missing_ids(rows)
    data = LabelledData(_to_table(rows), codebook.frame_ids, path)
    warnings = [
        *notes,
        *_describe_contradictions(data.table),
        *_describe_rare_frames(data),
        *_describe_one_sided(data),
    ]
    if without_parent:
        warnings.append(f"{without_parent} rows carry a frame without its parent, which was added to them")
    if zoneless:
        warnings.append(f"{zoneless} dates state no time zone; they were read as UTC")
    if rejects:
        warnings.append(f"{len(rejects)} rows were rejected, the first: {_list_rejects(rejects[:1])}")
    return LabelledData(data.table, data.frame_ids, path, tuple(warnings), tuple(rejects))


def _refuse_models(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    by_model = [row["where"] for row in rows if row["origin"] == LANGUAGE_MODEL]
    if by_model:
        raise DataError(
            f"{by_model[0]}: a language model labelled this row (origin {LANGUAGE_MODEL}), and {len(by_model)} of "
            f"{len(rows)} in {path}: such rows may train a model, and judge none. Leave them out here"
        )


def draft_labels(
    path: Path, columns: Mapping[str, str] | None = None, encoding: str | None = None
) -> list[str]:
    """The distinct labels of a file, sorted: the start of a codebook.

    Raises:
        DataError: as `read_labelled`, except that there is no codebook to check against.
    """
    rows, rejects, _, _ = _read_table_rows(path, columns or {}, None, encoding)
    if rejects:
        raise DataError("\n".join(_describe_rejects(rejects)))
    return sorted({label for row in rows for label in row["labels"]})


def _read_table_rows(
    path: Path, columns: Mapping[str, str], codebook: Codebook | None, encoding: str | None
) -> tuple[list[dict[str, Any]], list[Reject], int, tuple[str, ...]]:
    """Usable rows by our column names plus "where", rejects, how many dates state no zone, and notes."""
    if columns.get("labels") == PROPOSED:
        raise DataError(
            f"{path}: the column {PROPOSED} holds no labels: what `frames sample --design similar` proposes shows "
            "where to look, and nobody has coded it"
        )
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    zoneless = 0
    table = read_label_table(path, columns, codebook, encoding=encoding)
    for record in table.rows:
        try:
            row, is_zoneless = read_row(record)
            row["labels"] = _without_mark(row["labels"], codebook)
        except RowError as error:
            rejects.append(Reject(record.where, str(error)))
        else:
            rows.append(row)
            zoneless += is_zoneless
    return rows, rejects, zoneless, table.notes


def _without_mark(labels: tuple[str, ...], codebook: Codebook | None) -> tuple[str, ...]:
    """Labels without the mark that says: none of the frames.

    Raises:
        RowError: it stands beside a frame.
    """
    if NO_FRAME not in labels or (codebook and NO_FRAME in codebook.frame_ids):
        return labels
    if len(labels) > 1:
        raise RowError(f"field 'labels': '{NO_FRAME}' and frames as well: {'; '.join(labels)}")
    return ()


def _list_rejects(rejects: Sequence[Reject]) -> str:
    listed = "; ".join(f"{reject.where}: {reject.reason}" for reject in rejects[:LISTED])
    return listed + (" ..." if len(rejects) > LISTED else "")


def _describe_rejects(rejects: Sequence[Reject]) -> list[str]:
    """One line of what is wrong with rows: a reason that stands many times is told once, with its count."""
    if not rejects:
        return []
    found: dict[str, list[str]] = defaultdict(list)
    for reject in rejects:
        found[reject.reason].append(reject.where)
    listed = [f"{places[0]}: {reason}{_times(len(places))}" for reason, places in found.items()]
    more = f"; and {len(listed) - LISTED} other reasons" if len(listed) > LISTED else ""
    return [f"{len(rejects)} rows cannot be used: {'; '.join(listed[:LISTED])}{more}. Mend or delete them"]


def _times(n: int) -> str:
    return f" ({n} rows so)" if n > 1 else ""


def _find_faults(rows: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[str]:
    """Everything that is wrong with labels and ids, one line for each kind of fault."""
    faults = []
    known = set(codebook.frame_ids)
    unknown = Counter(label for row in rows for label in row["labels"] if label not in known)
    if unknown:
        first = next(row["where"] for row in rows if not known.issuperset(row["labels"]))
        faults.append(f"{first}: {codebook.describe_unknown(unknown)}")
    single = [row for row in rows if codebook.mode == "single_label" and len(row["labels"]) != 1]
    if single:
        row = single[0]
        faults.append(
            f"{row['where']}: expected exactly one label, as the codebook '{codebook.name}' is "
            f"single_label, got {len(row['labels'])}: {'; '.join(row['labels']) or '(none)'}{_times(len(single))}. "
            "For texts without a frame, add a frame such as 'none' to the codebook and label "
            "them with it; for texts with several, set the codebook's mode to multi_label"
        )
    first_at: dict[tuple[str, str | None], str] = {}  # a person and a language model may label one row each
    repeated = [
        row
        for row in rows
        if row["id"] and first_at.setdefault((row["id"], row["origin"]), row["where"]) != row["where"]
    ]
    if repeated:
        row = repeated[0]
        first = first_at[row["id"], row["origin"]]
        faults.append(
            f"{row['where']}: the id '{shorten(row['id'], 80)}' already stands at {first}"
            f"{_times(len(repeated))}; ids must be unique, or leave the column out"
        )
    return faults


def _fill_missing_ids(rows: Sequence[dict[str, Any]]) -> None:
    """Ids from the text, with an ordinal for repeats, the same for every order of the rows."""
    taken = {row["id"] for row in rows}
    for row in sorted(
        (row for row in rows if row["id"] is None), key=lambda row: (row["text"], row["labels"])
    ):
        stem = hashlib.sha256(row["text"].encode()).hexdigest()[:16]
        row_id, ordinal = stem, 1
        while row_id in taken:
            ordinal += 1
            row_id = f"{stem}-{ordinal}"
        taken.add(row_id)
        row["id"] = row_id


def _to_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(
        {column: pd.Series([row[column] for row in rows], dtype=object) for column in COLUMNS}
    )
    table["date"] = pd.Series([row["date"] for row in rows], dtype="datetime64[us, UTC]")
    table["where"] = pd.Series([row["where"] for row in rows], dtype=object)
    if any(row["origin"] for row in rows):
        table["origin"] = pd.Series([row["origin"] for row in rows], dtype=object)
    if any(row["purpose"] for row in rows):
        table["purpose"] = pd.Series([row["purpose"] for row in rows], dtype=object)
    return table


def _describe_contradictions(table: pd.DataFrame) -> list[str]:
    labellings: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for text, labels in zip(table["text"], table["labels"], strict=True):
        labellings[" ".join(text.casefold().split())].add(labels)
    texts = [text for text, found in labellings.items() if len(found) > 1]
    if not texts:
        return []
    return [f"{len(texts)} texts stand more than once with different labels, the first: {texts[0]!r:.100}"]


def _describe_one_sided(data: LabelledData) -> list[str]:
    """Frames that every text carries."""
    always = [frame for frame, n in data.count_positives().items() if n == len(data) and n > 1]
    if not always:
        return []
    return [f"every text carries {', '.join(always)}: without a text that does not, nothing can be learnt"]


def _describe_rare_frames(data: LabelledData) -> list[str]:
    rare = {frame_id: n for frame_id, n in data.count_positives().items() if n < FEW_POSITIVES}
    if not rare:
        return []
    counts = ", ".join(f"{frame_id} ({n})" for frame_id, n in rare.items())
    return [f"frames with fewer than {FEW_POSITIVES} positives, whose figures will say little: {counts}"]
