"""Train, dev and test folds that no cluster of copies straddles.

Rows are clustered first (`pipeline.data.copies.near_duplicates`), then whole clusters are drawn, so that every frame
has nearly its share in each fold (iterative stratification after Sechidis et al. 2011, "On the stratification of
multi-label data", here over clusters); or the latest rows become the test fold, and what straddles the cut is purged
and counted.

Rows that a language model labelled (column `origin`) are in no fold: they stand beside, to be learnt from, unless they
are copies of rows that a person labelled, whose labels hold.

Rows that say why they were drawn for labelling (column `purpose`, see `frames sample`) keep to it: rows drawn to
train, perhaps by active learning, never enter test; where rows drawn to estimate stand beside others, they are
the test fold.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.config.data import COPY_SIMILARITY, FoldSettings
from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.purposes import (
    check_purposes,
    check_test_purpose,
    check_training_purpose,
    drawn_to,
    labelled_by_model,
    refuse_models,
    warn_of_estimates,
)
from pipeline.data.text.sentences import split_sentences
from pipeline.errors import DataError, shorten

FoldName = Literal["train", "dev", "test"]
NAMES: tuple[FoldName, ...] = ("train", "dev", "test")
DATED_SHARE = 0.95  # of the rows must be dated, and
DATED_DAYS = 60  # their dates span as many days, for "auto" to divide by time
LARGE_CLUSTER = 0.2  # share of the rows in one cluster from which a reader is told

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Folds:
    """Labelled rows divided.

    Attributes:
        train: what classifiers are fitted on.
        dev: early stopping, calibration and thresholds.
        test: looked at once.
        clusters: cluster id of each row of each fold, and of the "purged" rows; ids are common to all folds.
        purged: ids of rows that are in no fold because their cluster stands in another.
        notes: what a reader of results has to know.
        purged_positives: how many of the purged rows carry each frame; frames that none carries are left out.
        taught: rows that a language model labelled, no copies of any row above; None for none.
    """

    train: LabelledData
    dev: LabelledData
    test: LabelledData
    clusters: Mapping[str, Integers]
    purged: tuple[str, ...]
    notes: tuple[str, ...]
    purged_positives: Mapping[str, int] = field(default_factory=dict)
    taught: LabelledData | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the fingerprints of the three folds and of what stands beside them."""
        beside = () if self.taught is None else (self.taught.fingerprint,)
        parts = (self.train.fingerprint, self.dev.fingerprint, self.test.fingerprint, *beside)
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    def summary(self) -> list[dict[str, Any]]:
        """One record for each fold: rows, clusters, positives of each frame, first and last date."""
        return [_summarise(name, getattr(self, name), self.clusters[name]) for name in NAMES]


def make_folds(data: LabelledData, settings: FoldSettings) -> Folds:
    """Divide one labelled file.

    Raises:
        DataError: too few clusters, a fold would be empty, or all rows were drawn to train.
    """
    data, taught, taught_notes = _set_aside(data, settings)
    clusters = _cluster(data, settings)
    method = _choose_method(data.table["date"], settings)
    held_out = data.table["source"].isin(settings.hold_out_sources).to_numpy(bool)
    to_train, to_estimate = drawn_to(data, "train"), drawn_to(data, "estimate", "test")
    if to_estimate.all():
        to_estimate = drawn_to(data, "test")
    notes = [
        *data.warnings,
        *taught_notes,
        *_note_hold_out(data, settings, held_out),
        *check_purposes(data),
    ]
    if to_estimate.any():
        method, in_test = "cluster", held_out | to_estimate
    else:
        in_test = held_out | _draw_test(data, clusters, settings, method, held_out | to_train)
    in_test &= ~to_train
    purged = _straddling(clusters, in_test, by_time=method == "time", held_out=held_out)
    purged |= held_out & to_train  # of a held-out channel, so not for train, and chosen, so not for test
    known = ~in_test & ~purged
    in_dev = _draw_clusters(data.indicator(), clusters, known, settings.dev_share, settings.seed)
    masks = {"train": known & ~in_dev, "dev": in_dev, "test": in_test & ~purged}
    if method == "time":
        notes += _note_time(data.table["date"], masks["test"] & ~held_out)
    return replace(_assemble(data, clusters, masks, purged, notes), taught=taught)


def make_folds_from_files(
    train: LabelledData, test: LabelledData, dev: LabelledData | None, settings: FoldSettings
) -> Folds:
    """Folds from files that come divided; training rows whose cluster stands in test or dev are purged.

    Without a dev file, dev is drawn from train. The test file is left as it is.

    Raises:
        DataError: rows that stay have one id in two files, a fold would be empty, rows of the test file were
            drawn to train, or a language model labelled rows of test or dev.
    """
    check_test_purpose(test)
    refuse_models(test, "test")
    if dev is not None:
        refuse_models(dev, "dev")
    train, taught, taught_notes = _set_aside(train, settings, (test, *(() if dev is None else (dev,))))
    parts = [("train", train), ("test", test), *([("dev", dev)] if dev is not None else [])]
    joined = _concatenate([part for _, part in parts])
    notes = [f"{part.path.name}: {warning}" for _, part in parts for warning in part.warnings]
    notes += taught_notes
    for name, part in parts:
        if name != "test":
            check_training_purpose(part)
    notes += warn_of_estimates([part for name, part in parts if name != "test"])
    fold_of_row = np.repeat([name for name, _ in parts], [len(part) for _, part in parts])
    clusters = _cluster(joined, settings)
    in_test, in_dev = fold_of_row == "test", fold_of_row == "dev"
    with_test = np.isin(clusters, clusters[in_test])
    with_dev = np.isin(clusters, clusters[in_dev])
    purged = (~in_test & with_test) | (~in_test & ~in_dev & with_dev)
    _check_ids([part for _, part in parts], joined.table["id"][~purged])
    if dev is None:
        known = ~in_test & ~purged
        in_dev = _draw_clusters(joined.indicator(), clusters, known, settings.dev_share, settings.seed)
    masks = {"train": ~in_test & ~in_dev & ~purged, "dev": in_dev & ~purged, "test": in_test}
    return replace(_assemble(joined, clusters, masks, purged, notes), taught=taught)


def _set_aside(
    data: LabelledData, settings: FoldSettings, others: Sequence[LabelledData] = ()
) -> tuple[LabelledData, LabelledData | None, list[str]]:
    """Rows that people labelled, those of a language model that are copies of none of them, and notes.

    Raises:
        DataError: a language model labelled all rows.
    """
    by_model = labelled_by_model(data)
    if not by_model.any():
        return data, None, []
    if by_model.all():
        raise DataError(
            f"{data.path}: a language model labelled all {len(data)} rows: nothing can test a model, or calibrate it. "
            "Add rows that people labelled"
        )
    joined = _concatenate([data, *others])
    clusters = cluster_rows(joined, threshold=settings.copy_similarity)
    of_people = np.ones(len(joined), bool)
    of_people[: len(data)] = ~by_model
    is_copy = np.isin(clusters[: len(data)], clusters[of_people])
    people = replace(data.subset(np.flatnonzero(~by_model)), warnings=data.warnings)
    taught = data.subset(np.flatnonzero(by_model & ~is_copy))
    held_out = taught.table["source"].isin(settings.hold_out_sources).to_numpy(bool)
    taught = taught.subset(np.flatnonzero(~held_out))
    n, n_copies, n_held = int(by_model.sum()), int((by_model & is_copy).sum()), int(held_out.sum())
    notes = [
        f"a language model labelled {n} rows (origin llm): {len(taught)} are learnt from and judge nothing"
        + (
            f"; {n_copies} are copies, or of the posts, of rows that people labelled, and left out"
            if n_copies
            else ""
        )
        + (f"; {n_held} are of held-out sources, and left out" if n_held else "")
    ]
    return people, taught if len(taught) else None, notes


def join_folds(folds: Folds, names: Sequence[FoldName]) -> tuple[LabelledData, Integers]:
    """Rows and cluster ids of several folds together."""
    return (
        _concatenate([getattr(folds, name) for name in names]),
        np.concatenate([folds.clusters[name] for name in names]),
    )


def cluster_rows(data: LabelledData, *, threshold: float = COPY_SIMILARITY) -> Integers:
    """Cluster of each row: copies of one text and rows of one group, the footers of its channels left out."""
    return cluster_texts(
        list(data.table["text"]),
        groups=_values_or_none(data.table["group"]),
        channels=_values_or_none(data.table["source"]),
        threshold=threshold,
    )


def _values_or_none(column: "pd.Series[Any]") -> list[str | None]:
    return [None if pd.isna(value) or not value else str(value) for value in column]


def _cluster(data: LabelledData, settings: FoldSettings) -> Integers:
    clusters = cluster_rows(data, threshold=settings.copy_similarity)
    if len(np.unique(clusters)) < len(NAMES):
        raise DataError(
            f"{data.path}: {len(data)} rows, but only {len(np.unique(clusters))} clusters of texts that are not "
            f"copies of one another; at least {len(NAMES)} are needed for train, dev and test"
        )
    return clusters


def _choose_method(dates: "pd.Series[Any]", settings: FoldSettings) -> Literal["cluster", "time"]:
    if settings.method != "auto":
        return settings.method
    dated = dates.dropna()
    if len(dated) < DATED_SHARE * len(dates) or dated.empty:
        return "cluster"
    return "time" if (dated.max() - dated.min()).days >= DATED_DAYS else "cluster"


def _draw_test(
    data: LabelledData,
    clusters: Integers,
    settings: FoldSettings,
    method: Literal["cluster", "time"],
    held_out: Mask,
) -> Mask:
    eligible = ~held_out & ~np.isin(clusters, clusters[held_out])
    if method == "cluster":
        return _draw_clusters(data.indicator(), clusters, eligible, settings.test_share, settings.seed + 1)
    dates = data.table["date"]
    if dates.isna().all():
        raise DataError(f"{data.path}: folds.method is time, but no row has a date; use cluster")
    # Whole days: rows of one day are not told apart by the hour. Undated rows cannot be called late.
    days = dates.dt.tz_localize(None).dt.floor("D").to_numpy()
    counted = eligible & dates.notna().to_numpy(bool)
    distinct, counts = np.unique(days[counted], return_counts=True)
    if len(distinct) < 2:  # noqa: PLR2004 - a cut lies between two days
        raise DataError(f"{data.path}: folds.method is time, but all dated rows are of one day; use cluster")
    in_test = counts[::-1].cumsum()[::-1]  # rows in test if it began at each of the days
    nearest = np.abs(in_test[1:] - settings.test_share * counted.sum()).argmin()
    return np.asarray(counted & (days >= distinct[1:][nearest]))


def _straddling(clusters: Integers, in_test: Mask, *, by_time: bool, held_out: Mask) -> Mask:
    """Rows that must leave because their cluster stands on both sides.

    By time a cluster belongs to where its first member stands, so later copies leave the test fold; a held-out
    channel is the other way round: copies of its posts leave train.
    """
    straddles = np.isin(clusters, np.intersect1d(clusters[in_test], clusters[~in_test]))
    if not by_time:
        return straddles & ~in_test
    of_held_out = np.isin(clusters, clusters[held_out])
    leaves_train = straddles & ~in_test & of_held_out
    leaves_test = straddles & in_test & ~of_held_out
    return np.asarray(leaves_train | leaves_test, bool)


def _draw_clusters(truth: NDArray[Any], clusters: Integers, eligible: Mask, share: float, seed: int) -> Mask:
    """Mask of rows drawn by whole clusters, stratified: about `share` of the eligible rows of every frame."""
    ids, number = np.unique(clusters[eligible], return_inverse=True)
    sizes = np.bincount(number, minlength=len(ids))
    # Columns: every frame, texts without any, and all texts, so that all of them are balanced alike.
    of_rows = truth[eligible].astype(float)
    of_rows = np.column_stack([of_rows, of_rows.sum(axis=1) == 0, np.ones(len(of_rows))])
    content = np.zeros((len(ids), of_rows.shape[1]))
    np.add.at(content, number, of_rows)
    wanted = np.stack([content.sum(axis=0) * share, content.sum(axis=0) * (1 - share)])
    order = np.lexsort((np.random.default_rng(seed).permutation(len(ids)), -sizes))
    left = list(order)
    drawn = np.zeros(len(ids), bool)
    remaining = content.sum(axis=0)
    while left:
        column = int(np.argmin(np.where(remaining > 0, remaining, np.inf)))
        having = [i for i in left if content[i, column] > 0]
        for i in having:
            side = _neediest(wanted, column)
            drawn[i] = side == 0
            wanted[side] -= content[i]
            remaining = remaining - content[i]
        taken = set(having)
        left = [i for i in left if i not in taken]
        remaining[column] = 0
    mask = np.zeros(len(clusters), bool)
    mask[np.flatnonzero(eligible)[drawn[number]]] = True
    return mask


def _neediest(wanted: NDArray[np.float64], column: int) -> int:
    """The side (0: drawn, 1: left) that lacks most of this column, relative to what it wants in all."""
    if wanted[0, column] != wanted[1, column]:
        return int(np.argmax(wanted[:, column]))
    return int(np.argmax(wanted[:, -1]))


def _assemble(
    data: LabelledData, clusters: Integers, masks: Mapping[str, Mask], purged: Mask, notes: list[str]
) -> Folds:
    for name in NAMES:
        if not masks[name].any():
            copies = f" ({int(purged.sum())} rows are copies of rows in another fold)" if purged.any() else ""
            raise DataError(
                f"{data.path}: the {name} fold would be empty{copies}; give more labelled rows, or change "
                "folds.test_share, folds.dev_share, folds.method or folds.hold_out_sources"
            )
    folds = {name: data.subset(np.flatnonzero(masks[name])) for name in NAMES}
    if purged.any():
        rows = "1 row" if purged.sum() == 1 else f"{int(purged.sum())} rows"
        notes.append(f"{rows} purged: copies of rows in another fold")
    notes += [*_note_large_cluster(data, clusters), *_note_missing(folds)]
    return Folds(
        train=folds["train"],
        dev=folds["dev"],
        test=folds["test"],
        clusters={**{name: clusters[masks[name]] for name in NAMES}, "purged": clusters[purged]},
        purged=tuple(data.table["id"][purged]),
        notes=tuple(notes),
        purged_positives={
            frame: n for frame, n in data.subset(np.flatnonzero(purged)).count_positives().items() if n
        },
    )


def _note_missing(folds: Mapping[FoldName, LabelledData]) -> list[str]:
    notes = []
    for name in ("train", "test"):
        none = [frame for frame, count in folds[name].count_positives().items() if not count]
        if none:
            notes.append(f"no positive in the {name} fold: {', '.join(none)}")
    return notes


def _note_large_cluster(data: LabelledData, clusters: Integers) -> list[str]:
    sizes = np.bincount(clusters)
    largest = int(sizes.max())
    if largest <= LARGE_CLUSTER * len(clusters):
        return []
    rows = data.table[clusters == sizes.argmax()]
    said = Counter(
        sentence for text in rows["text"] for sentence in {s.text for s in split_sentences(text)}
    ).most_common(1)
    shared = [
        f"; its most frequent sentence, in {n} of them: '{shorten(text, 80)}'" for text, n in said if n > 1
    ]
    note = (
        f"one cluster holds {largest} of {len(clusters)} rows ({rows['group'].nunique()} values of group), so shares "
        f"of the folds may be far from those wanted{''.join(shared)}. Copies chain: where set phrases tie texts that "
        "are no copies, take them out of the texts or ask for closer copies (folds.copy_similarity); where one group "
        "holds them all, mend the column group"
    )
    return [note]


def _note_time(dates: "pd.Series[Any]", drawn: Mask) -> list[str]:
    notes = [f"folds by time: test begins {dates[drawn].min():%Y-%m-%d} (UTC)"] if drawn.any() else []
    if undated := int(dates.isna().sum()):
        notes.append(f"{undated} rows have no date: they are not counted as late, whenever they were written")
    return notes


def _note_hold_out(data: LabelledData, settings: FoldSettings, held_out: Mask) -> list[str]:
    if not settings.hold_out_sources:
        return []
    missing = sorted(set(settings.hold_out_sources) - set(data.table["source"].dropna()))
    if missing:
        known = ", ".join(sorted(set(data.table["source"].dropna()))[:20])
        raise DataError(
            f"{data.path}: folds.hold_out_sources names {', '.join(missing)}, which no row has as its source; "
            f"sources are: {known or 'none'}"
        )
    return [f"held-out sources, {int(held_out.sum())} rows in test: {', '.join(settings.hold_out_sources)}"]


def _concatenate(parts: Sequence[LabelledData]) -> LabelledData:
    table = pd.concat([part.table for part in parts], ignore_index=True)
    return LabelledData(table, parts[0].frame_ids, parts[0].path)


def _check_ids(parts: Sequence[LabelledData], kept: "pd.Series[str]") -> None:
    repeated = kept[kept.duplicated()]
    if len(repeated):
        paths = [str(part.path) for part in parts if repeated.iloc[0] in set(part.table["id"])]
        raise DataError(
            f"{paths[0]}: the id '{shorten(repeated.iloc[0], 80)}' stands in {paths[-1]} as well, with another text; "
            "ids must tell rows apart across all files of a run"
        )


def _summarise(name: str, data: LabelledData, clusters: Integers) -> dict[str, Any]:
    dates = data.table["date"].dropna()
    return {
        "fold": name,
        "n": len(data),
        "clusters": len(np.unique(clusters)),
        "positives": data.count_positives(),
        "first_date": dates.min().isoformat() if len(dates) else None,
        "last_date": dates.max().isoformat() if len(dates) else None,
    }
