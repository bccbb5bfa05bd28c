"""A coded probability sample: which units, how they were drawn, and what the coders said.

The file is one that `frames sample` wrote for estimates, with labels: any table that
`pipeline.annotation.exchange.spreadsheet.read_table` reads, as long as the columns of the design are still there.
Rows without a label are not coded yet; "(no frame)", or an empty list in JSON and Parquet, says that there is none.
Several files stand together as one: a sample and what topped it up, say.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.annotation.coded_table import Coding, resolve_labels, say_count
from pipeline.annotation.exchange.spreadsheet import read_table
from pipeline.annotation.sampling_frame import DrawnFrame
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.errors import DataError, list_names, shorten

NEEDED: Final = ("unit", "stratum", "inclusion_probability", "design", "purpose")
_LISTED: Final = 3  # rows that one message names


@dataclass(frozen=True, eq=False)
class LabelledSample:
    """Units of a probability sample that were coded.

    Attributes:
        unit: "post" or "sentence".
        units: one row a coded unit, index 0..n-1: id, post_key, sentence_index (-1 for posts), stratum, inclusion
            (probability of being drawn and coded), cluster (number of its cluster of copies), text (that
            was coded), digest (of the text that was drawn; None in samples that do not keep it).
        labels: 1 where a unit carries a frame, shape (n, k).
        sample_ids: of the draws, as `frames sample` named them.
        frame: the units from which it was drawn; None in samples that do not keep it.
        weight_drawn: units of the source that the whole sample stands for, coded or not.
        copies: number of the cluster of texts of every drawn unit, coded or not, by its id.
        notes: what a reader has to know.
    """

    unit: str
    units: pd.DataFrame
    labels: NDArray[np.float64]
    sample_ids: tuple[str, ...]
    frame: DrawnFrame | None
    weight_drawn: float
    copies: Mapping[str, int]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.units)

    def without(self, gone: NDArray[np.bool_]) -> "LabelledSample":
        """The sample without some units (mask of shape (n,)), for which the others of their stratum stand."""
        units = self.units.copy()
        units["inclusion"] *= _response_of_strata(units, ~gone)
        kept = units[~gone].reset_index(drop=True)
        return replace(self, units=kept, labels=self.labels[~gone])


def read_labelled_sample(
    paths: Path | Sequence[Path],
    frame_ids: Sequence[str],
    unit: str | None = None,
    *,
    empty_is_coded: bool = False,
    parents: Mapping[str, str] | None = None,
    copies: Mapping[str, int] | None = None,
    encoding: str | None = None,
) -> LabelledSample:
    """Read a coded sample.

    Args:
        paths: the file, or several that stand together.
        frame_ids: of the scores; every label must be one of them.
        unit: the unit wanted; None for that of the sample.
        empty_is_coded: a row without labels carries no frame; else it counts as not coded.
        parents: of the frames that have one; a unit coded with a child carries its parent.
        copies: clusters of texts by id, where the texts are not at hand; None compares the texts.
        encoding: of text files that are not UTF-8.

    Raises:
        DataError: no design columns, not a probability sample, another unit than wanted, unknown labels, coders
            who disagree on a unit, a top-up without what it tops up, or nothing coded.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    path = ", ".join(map(str, files))
    codings = [
        coding
        for file in files
        for coding in _read_file(file, empty_is_coded=empty_is_coded, encoding=encoding)
    ]
    for coding in codings:
        _check_design(coding)
    found_unit = _find_unit(path, codings, unit)
    codebook = draft_codebook("scores", frame_ids, mode="multi_label", parents=parents)
    codings, _ = resolve_labels(codings, codebook, path)
    codings, by_models = _set_models_aside(codings)
    codings = _settle(codings)
    sample_ids, frame, notes = _find_draws(path, codings)
    notes += by_models
    of_text = _find_copies(codings) if copies is None else _take_copies(path, codings, copies)
    units = _describe(codings, found_unit, of_text)
    coded = np.array([coding.status == "coded" for coding in codings], bool)
    if not coded.any():
        raise DataError(
            f"{path}: none of its {len(codings)} rows is coded: write frames into the column labels, ';' between, "
            "and '(no frame)' where there is none"
        )
    labels = np.array([[frame in coding.labels for frame in frame_ids] for coding in codings], float)
    notes += _note_uncoded(units, coded, labels)
    weight_drawn = float((1 / units["inclusion"]).sum())
    units["inclusion"] *= _response_of_strata(units, coded)
    kept = units[coded].reset_index(drop=True)
    by_id = dict(zip((coding.id for coding in codings), map(int, of_text), strict=True))
    return LabelledSample(
        found_unit, kept, labels[coded], sample_ids, frame, weight_drawn, by_id, tuple(notes)
    )


def find_sample_unit(path: Path, encoding: str | None = None) -> str | None:
    """The unit that the first row of a sample names; None without any, which `read_labelled_sample` tells."""
    codings = read_table(path, empty_is_coded=False, encoding=encoding).codings
    return str(codings[0].extra.get("unit")) if codings else None


def _read_file(path: Path, *, empty_is_coded: bool, encoding: str | None) -> list[Coding]:
    read = read_table(path, empty_is_coded=empty_is_coded, encoding=encoding)
    if read.rejects:
        listed = "; ".join(f"{reject.where}: {reject.reason}" for reject in read.rejects[:_LISTED])
        raise DataError(
            f"{path}: {len(read.rejects)} rows cannot be used, so the sample would not be one: {listed}"
        )
    return list(read.codings)


def _find_draws(path: str, codings: Sequence[Coding]) -> tuple[tuple[str, ...], DrawnFrame | None, list[str]]:
    """Ids of the draws, the units from which they were drawn, and notes.

    Raises:
        DataError: a top-up without the sample that it tops up.
    """
    extras = [coding.extra for coding in codings]
    ids = sorted({str(extra["sample_id"]) for extra in extras if extra.get("sample_id") is not None})
    topped_up = {str(extra["tops_up"]) for extra in extras if extra.get("tops_up") is not None}
    if missing := topped_up - set(ids):
        raise DataError(
            f"{path}: tops up sample {', '.join(sorted(missing))}, of which no row is here: alone it stands for "
            "what was added. Give both: --sample OLD --sample NEW"
        )
    notes = []
    if (apart := len(ids) - len(topped_up) - 1) > 0:
        notes.append(f"rows of {apart + 1} samples stand together; they are taken as one")
    frames = [frame for extra in extras if (frame := DrawnFrame.from_cells(extra)) is not None]
    return tuple(ids), max(frames, key=lambda frame: frame.units, default=None), notes


def _check_design(coding: Coding) -> None:
    """Refuse what is not from a probability sample.

    Raises:
        DataError: a column of the design is missing, or the design gives no estimates.
    """
    if missing := [name for name in NEEDED if coding.extra.get(name) is None]:
        raise DataError(
            f"{coding.where}: no {', '.join(missing)}; a share can be corrected only by a probability sample: draw "
            "one with `frames sample`, and keep its columns when coding"
        )
    if coding.extra["design"] == "active" or coding.extra["purpose"] == "train":
        raise DataError(
            f"{coding.where}: design {coding.extra['design']}, purpose {coding.extra['purpose']}: such units were "
            "chosen to train, not by chance, so nothing can be estimated from them. Draw a sample with "
            "`frames sample --purpose estimate`"
        )


def _find_unit(path: str, codings: Sequence[Coding], wanted: str | None) -> str:
    units = sorted({str(coding.extra["unit"]) for coding in codings})
    if not units:
        raise DataError(f"{path}: no rows; expected units of a sample with their labels")
    if len(units) > 1:
        raise DataError(f"{path}: holds units of both kinds, {' and '.join(units)}; give one file for each")
    if wanted is not None and units != [wanted]:
        raise DataError(
            f"{path}: a sample of {units[0]}s, but shares of {wanted}s were asked for; give --unit {units[0]}, or "
            f"draw another with `frames sample --unit {wanted}`"
        )
    return units[0]


def _set_models_aside(codings: Sequence[Coding]) -> tuple[list[Coding], list[str]]:
    """Codings of language models count as not coded: shares are corrected by what people see. And a note."""
    n = sum(coding.is_by_model and coding.status == "coded" for coding in codings)
    if not n:
        return list(codings), []
    kept = [
        replace(coding, status="skipped", labels=(), is_ground_truth=False) if coding.is_by_model else coding
        for coding in codings
    ]
    coded = {coding.id for coding in kept if coding.status == "coded"}
    n_left = len({coding.id for coding in codings if coding.is_by_model} - coded)
    note = f"{say_count(n, 'coding is', 'codings are')} by a language model (origin llm) and left out" + (
        f"; {say_count(n_left, 'unit has', 'units have')} no other and count as not coded" if n_left else ""
    )
    return kept, [note]


def _settle(codings: Sequence[Coding]) -> list[Coding]:
    """One coding for each unit: the settled one, or the one on which all coders agree.

    Raises:
        DataError: coders disagree and nobody has settled it.
    """
    of_unit: dict[str, list[Coding]] = defaultdict(list)
    for coding in codings:
        of_unit[coding.id].append(coding)
    settled, open_units = [], []
    for same in of_unit.values():
        coded = [coding for coding in same if coding.status == "coded"]
        chosen = [coding for coding in coded if coding.is_ground_truth] or coded or same
        if len({coding.labels for coding in chosen}) > 1:
            open_units.append(chosen[0])
        settled.append(chosen[0])
    if open_units:
        listed = "; ".join(f"{coding.where} ('{shorten(coding.id, 80)}')" for coding in open_units[:_LISTED])
        raise DataError(
            f"{say_count(len(open_units), 'unit has', 'units have')} codings that differ: {listed}. Settle them first: "
            "`frames agreement CODED --codebook CODEBOOK --discuss settled.csv` lists them; fill in its column labels; "
            "`frames label-import CODED settled.csv --codebook CODEBOOK --sample SAMPLE -o all.jsonl` adds what was "
            "settled (is_ground_truth), and `--sample all.jsonl` is taken here"
        )
    return settled


def _describe(codings: Sequence[Coding], unit: str, of_text: NDArray[np.int64]) -> pd.DataFrame:
    keys, indices = zip(*(split_unit_id(coding.id, unit, coding.where) for coding in codings), strict=True)
    several = len({coding.extra.get("sample_id") for coding in codings}) > 1
    units = pd.DataFrame(
        {
            "id": [coding.id for coding in codings],
            "post_key": keys,
            "sentence_index": indices,
            "stratum": [
                f"{coding.extra.get('sample_id')} {coding.extra['stratum']}"
                if several
                else coding.extra["stratum"]
                for coding in codings
            ],
            "inclusion": [float(coding.extra["inclusion_probability"]) for coding in codings],
            "text": [coding.text for coding in codings],
            "digest": [coding.extra.get("text_digest") for coding in codings],
        }
    )
    units["cluster"] = _join_posts(of_text, units)
    return units


def split_unit_id(unit_id: str, unit: str, where: str) -> tuple[str, int]:
    """Post key and index of the sentence (-1 of a post) in the id of a unit.

    Raises:
        DataError: it is none; `where` begins the message.
    """
    if unit == "post" and unit_id:
        return unit_id, -1
    key, _, index = unit_id.rpartition(":")
    if not (key and index.isdecimal() and index.isascii() and len(index) < 10):  # noqa: PLR2004 - int32 has 10
        raise DataError(
            f"{where}, field 'id': expected {'POST_KEY:SENTENCE_INDEX' if unit == 'sentence' else 'POST_KEY'}, got "
            f"{unit_id!r:.80}"
        )
    return key, int(index)


def _find_copies(codings: Sequence[Coding]) -> NDArray[np.int64]:
    """Units that are copies of one text share a number, shape (n,)."""
    one_draw = (
        len({coding.extra.get("sample_id") for coding in codings}) == 1
    )  # clusters are named within a draw
    if one_draw and all(coding.extra.get("cluster") is not None for coding in codings):
        names = [str(coding.extra["cluster"]) for coding in codings]
        return np.asarray(pd.factorize(pd.Series(names))[0], np.int64)
    return np.asarray(pd.factorize(cluster_texts([coding.text for coding in codings]))[0], np.int64)


def _take_copies(path: str, codings: Sequence[Coding], copies: Mapping[str, int]) -> NDArray[np.int64]:
    if missing := [coding.id for coding in codings if coding.id not in copies]:
        raise DataError(f"{path}: nothing says of which text {list_names(missing, _LISTED)} may be a copy")
    numbers = pd.Series([copies[coding.id] for coding in codings])
    return np.asarray(pd.factorize(numbers)[0], np.int64)


def _join_posts(of_text: NDArray[np.int64], units: pd.DataFrame) -> NDArray[np.int64]:
    """Units that are copies of one text, or sentences of one post, share a number, shape (n,)."""
    of_post = pd.factorize(units["post_key"])[0]
    n = len(units)
    links = coo_array((np.ones(n, np.int8), (of_text, n + of_post)), shape=(2 * n, 2 * n))
    component = connected_components(links, directed=False)[1]
    return np.asarray(pd.factorize(component[of_text])[0], np.int64)


def _response_of_strata(units: pd.DataFrame, coded: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of its stratum's weight that was coded, for each unit; 1 where nothing was, as no weight is left.

    Weighting-class adjustment (Oh & Scheuren 1983): within a stratum, who was coded is taken as chance.
    """
    weights = 1 / units["inclusion"]
    of_stratum = units["stratum"]
    share = weights.where(coded, 0).groupby(of_stratum).transform("sum") / weights.groupby(
        of_stratum
    ).transform("sum")
    return np.asarray(share.where(share > 0, 1), np.float64)


def _note_uncoded(units: pd.DataFrame, coded: NDArray[np.bool_], labels: NDArray[np.float64]) -> list[str]:
    notes = []
    if n_uncoded := int((~coded).sum()):
        notes.append(
            f"{n_uncoded} of {len(coded)} drawn units are not coded; the coded ones of the same stratum stand for "
            "them, which is right if nothing but chance decided what was coded"
        )
        if labels[coded].any(axis=1).all():
            notes.append(
                "every coded unit carries a frame: if rows without labels were meant as 'no frame', write "
                "'(no frame)' there, or give --empty-is-coded; shares would be far too high otherwise"
            )
    counts = Counter(units["stratum"][coded])
    if empty := sorted(set(units["stratum"]) - set(counts)):
        notes.append(
            f"strata without a coded unit, which the others stand for: {', '.join(empty[:_LISTED])}"
            + (f" and {len(empty) - _LISTED} more" if len(empty) > _LISTED else "")
        )
    return notes
