"""A sample that also trained the model: found, and its scores put right, or refused.

A model knows the texts that it learnt from. On a sample of such texts its errors look smaller than they are on the
rest, so the correction falls short and intervals of 95 % hold the truth in 68 % of cases (`make bench-validity LONG=1
ONLY=shares`). What the model gave these texts before it had learnt from them is as good as a score of any other text
(cross-fitting; compare Zrnic & Candès 2024, "Cross-prediction-powered inference"): it takes the place of the score in
the sample, and for the same texts in the whole output.

A sample that was drawn without regard to the training meets training texts by chance, and then stays as it is: the
mean over all units has them in the same proportion. So the share of training texts (copies and near copies too) in
the sample, by weight, is compared with that among `OTHERS` other units: Fisher's exact test, one-sided, with the
sample's effective size (Kish 1965), at the level `LEVEL`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from pipeline.data.labels.training_record import TrainingRecord
from pipeline.errors import DataError
from pipeline.prevalence.labelled_sample import LabelledSample
from pipeline.prevalence.unit_texts import choose_others, iter_texts, read_sentences
from pipeline.scoring.training_copies import read_training_record

OTHERS: Final = 2000
LEVEL: Final = 0.001
REMEDY: Final = (
    "Draw another sample (frames sample --purpose test, or another --seed) and code it; or train the model again with "
    "this version, which keeps such probabilities (not with decide_on: dev; a student of frames distil keeps none, but "
    "its teacher does), score again, and estimate from those scores; or give --labels-only, which uses no score"
)

Mask = NDArray[np.bool_]
Records = Mapping[str, TrainingRecord]


@dataclass(frozen=True, eq=False)
class Replacement:
    """Units whose scores are replaced: post_key and sentence_index, and probabilities (m, k) of all frames."""

    units: pd.DataFrame
    probability: NDArray[np.float64]


def read_records(
    out: Path, models: Sequence[Mapping[str, str | int]], n_frames: int
) -> tuple[Records, list[str]]:
    """What each model keeps of its training texts, by bundle hash, and the ids of models of which nothing is kept."""
    records, unknown = {}, []
    for model in models:
        record = read_training_record(out, str(model["bundle_hash"]), n_frames)
        if record is None:
            unknown.append(str(model["model_id"]))
        else:
            records[str(model["bundle_hash"])] = record
    return records, unknown


def replace_learnt(
    out: Path, sample: LabelledSample, sentences: pd.DataFrame, records: Records, frame_ids: Sequence[str]
) -> tuple[Replacement | None, str]:
    """Scores of training texts as they were before the training, where the sample holds more of them than by chance.

    Args:
        out: output folder of `frames predict`.
        sample: the coded units.
        sentences: what they say, with probabilities, by `read_sentences`.
        records: of the models.
        frame_ids: of the scores, all of them.

    Returns:
        What to replace, None for nothing, and a note for people, "" where the sample holds no training text.

    Raises:
        DataError: the sample trained the model, and what the model gave these texts before is not known.
    """
    of_sample = _find_learnt(sample.unit, len(sample), sentences, records)
    if not of_sample.learnt.any():
        return None, ""
    others = choose_others(out, sample.unit, sample.units, OTHERS)
    of_others = _find_learnt(sample.unit, len(others), read_sentences(out, sample.unit, others, []), records)
    weights = 1 / sample.units["inclusion"].to_numpy(np.float64)
    n = int(of_sample.learnt.sum())
    met = f"{n} of {len(sample)} coded {sample.unit}s, or sentences of theirs, trained the model (near copies count)"
    if not _is_beyond_chance(of_sample.learnt, weights, of_others.learnt):
        return (
            None,
            f"{met}: no more than among other units, as in a sample of its own, so nothing is changed",
        )
    if _is_beyond_chance(of_sample.unknown, weights, of_others.unknown):
        raise DataError(
            f"{met}, many more than by chance, and what the model gave {int(of_sample.unknown.sum())} of them before "
            f"it had learnt from them is not known: shares corrected by it would be wrong. {REMEDY}"
        )
    replacement = _collect(out, sample.unit, of_sample.places, records, frame_ids)
    return replacement, (
        f"{met}, many more than by chance: for these, and for copies and near copies elsewhere "
        f"({len(replacement.units):,} {sample.unit}s in all), the score is what the model gave before it had learnt "
        "from the text (out of fold)"
    )


@dataclass(frozen=True, eq=False)
class _Learnt:
    """Of n units: which hold a training text, which of these without a known probability, and where.

    `places` has one row for each sentence that is a training text with a known probability: post_key,
    sentence_index, bundle_hash and place in that model's record.
    """

    learnt: Mask
    unknown: Mask
    places: pd.DataFrame


def _find_learnt(unit: str, n: int, sentences: pd.DataFrame, records: Records) -> _Learnt:
    place, known = _find_texts(sentences, records)
    rows = sentences["row"].to_numpy(np.int64)
    learnt, unknown = np.zeros(n, bool), np.zeros(n, bool)
    learnt[rows[place >= 0]] = True
    unknown[rows[(place >= 0) & ~known]] = True
    if (
        unit == "post"
    ):  # the model may have learnt from whole posts; of these no sentence has a probability of its own
        grouped = sentences.groupby("row", sort=True)
        whole = pd.DataFrame(
            {"text": grouped["text"].agg("\n".join), "bundle_hash": grouped["bundle_hash"].first()}
        )
        several = whole[grouped.size() > 1]
        of_whole, _ = _find_texts(several, records)
        of_sentence = set(
            zip(rows, place, strict=True)
        )  # a sentence that is nearly the whole post is no whole post
        for row, found in zip(several.index.to_numpy(np.int64), of_whole, strict=True):
            if found >= 0 and (row, found) not in of_sentence:
                learnt[row] = unknown[row] = True
    places = sentences[["post_key", "sentence_index", "bundle_hash"]].assign(place=place)
    return _Learnt(learnt, unknown, places[(place >= 0) & known])


def _find_texts(texts: pd.DataFrame, records: Records) -> tuple[NDArray[np.int64], Mask]:
    """Place of each text in the record of its model, -1 for none, and whether its probability is known."""
    place, known = np.full(len(texts), -1, np.int64), np.zeros(len(texts), bool)
    for bundle_hash, record in records.items():
        rows = np.flatnonzero(texts["bundle_hash"].to_numpy(object) == bundle_hash)
        place[rows] = record.find(list(texts["text"].iloc[rows]))
        found = rows[place[rows] >= 0]
        known[found] = ~np.isnan(record.probabilities[place[found]]).any(axis=1)
    return place, known


def _is_beyond_chance(inside: Mask, weights: NDArray[np.float64], others: Mask) -> bool:
    """Whether a sample has more units of a kind than the rest, by the rule above."""
    if not inside.any():
        return False
    if not len(others):
        return True
    size = round(float(weights.sum() ** 2 / (weights**2).sum()))
    count = round(float(np.average(inside, weights=weights)) * size)
    table = [[count, size - count], [int(others.sum()), int((~others).sum())]]
    return bool(fisher_exact(table, alternative="greater").pvalue < LEVEL)


def _collect(
    out: Path, unit: str, of_sample: pd.DataFrame, records: Records, frame_ids: Sequence[str]
) -> Replacement:
    """The places of the sample, and those of copies and near copies in the whole output, as new scores of units."""
    parts = [of_sample]
    for texts in iter_texts(out):
        place, known = _find_texts(texts, records)
        parts.append(texts.drop(columns="text").assign(place=place)[(place >= 0) & known])
    places = pd.concat(parts, ignore_index=True).drop_duplicates(["post_key", "sentence_index"])
    new = np.stack(
        [
            records[bundle_hash].probabilities[place]
            for bundle_hash, place in zip(places["bundle_hash"], places["place"], strict=True)
        ]
    ).astype(np.float64)
    units = places[["post_key", "sentence_index"]].reset_index(drop=True)
    return Replacement(units, new) if unit == "sentence" else _raise_to_posts(out, units, new, frame_ids)


def _raise_to_posts(
    out: Path, sentences: pd.DataFrame, new: NDArray[np.float64], frame_ids: Sequence[str]
) -> Replacement:
    """Scores of whole posts some of whose sentences have new ones: the largest of their sentences', as in scoring."""
    posts = sentences[["post_key"]].drop_duplicates(ignore_index=True).assign(sentence_index=-1)
    now = read_sentences(out, "post", posts, frame_ids)
    index = pd.MultiIndex.from_frame(now[["post_key", "sentence_index"]])
    scores = now[list(frame_ids)].to_numpy(np.float64)
    scores[index.get_indexer(pd.MultiIndex.from_frame(sentences))] = new
    largest = pd.DataFrame(scores).groupby(now["row"].to_numpy()).max()
    return Replacement(posts, largest.to_numpy(np.float64))
