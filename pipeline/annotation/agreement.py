"""How far annotators agree: for each frame, over all decisions, and on whole label sets; and where they do not.

Units that two annotators or more coded count; intervals are a bootstrap over clusters of copies and of
sentences of one post, which are no independent evidence.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.annotation.coded_table import Coding, keep_last, resolve_labels, say_count
from pipeline.annotation.coefficients import (
    PAIR,
    AgreementTerms,
    Coefficients,
    Floats,
    add_terms,
    agreement_terms,
    coefficients,
    concordance,
    distance_alpha,
    masi_distances,
)
from pipeline.annotation.combine import describe_codings
from pipeline.annotation.exchange.spreadsheet import IN_DISPUTE
from pipeline.annotation.label_exchange import read_files
from pipeline.annotation.record_files import write_records
from pipeline.annotation.sample_files import make_unit_code
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.data.labels.label_cells import NO_FRAME
from pipeline.errors import DataError, list_names
from pipeline.measures.intervals import Estimate, as_estimate, cluster_weights, renumber, sum_by_cluster

NONE: Final = "(none)"  # in place of a frame, where one annotator gave a frame more than the other
NAMES: Final = ("alpha", "cohen", "fleiss", "ac1", "percent")


@dataclass(frozen=True, slots=True)
class FrameAgreement:
    """Coefficients of one frame, of all decisions, or of label sets.

    Attributes:
        name: the frame id, or what was compared.
        coded: how often annotators gave the frame; None where that says nothing.
        figures: by NAMES, each with its interval; Cohen's kappa has a value for two annotators only.
    """

    name: str
    coded: int | None
    figures: dict[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"coded": self.coded, **{name: figure.to_json() for name, figure in self.figures.items()}}


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """What the codings allow to say.

    Attributes:
        annotators: names, in alphabetical order.
        n_units: units that two annotators or more coded.
        n_clusters: of these units.
        frames: one entry for each frame.
        decisions: all decisions, unit by frame, taken together.
        label_sets: whole label sets, which agree only if they are equal.
        masi: alpha of whole label sets that agree in part where they share frames.
        confusions: (frame, frame given in its place, or NONE) -> pairs of codings, most frequent first.
        disputed: units on which annotators differ, by `describe_codings`, most disputed first.
        confidence: of the intervals.
        notes: what a reader has to know.
    """

    annotators: tuple[str, ...]
    n_units: int
    n_clusters: int
    frames: tuple[FrameAgreement, ...]
    decisions: FrameAgreement
    label_sets: FrameAgreement
    masi: Estimate
    confusions: tuple[tuple[str, str, int], ...]
    disputed: tuple[dict[str, Any], ...]
    confidence: float
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; the units in dispute are counted, not listed."""
        return {
            "annotators": list(self.annotators),
            "units": self.n_units,
            "clusters": self.n_clusters,
            "confidence": self.confidence,
            "decisions": self.decisions.to_json(),
            "label_sets": self.label_sets.to_json(),
            "label_sets_masi": self.masi.to_json(),
            "per_frame": {frame.name: frame.to_json() for frame in self.frames},
            "confusions": [{"frame": a, "other": b, "pairs": n} for a, b, n in self.confusions],
            "disputed": len(self.disputed),
            "notes": list(self.notes),
        }


def read_for_agreement(
    paths: Sequence[Path],
    codebook: Codebook | None,
    *,
    coders: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    with_ground_truth: bool = False,
    empty_is_coded: bool = False,
    encoding: str | None = None,
) -> tuple[list[Coding], list[str]]:
    """Codings of several files, and notes on what was left out.

    A file without a column `annotator` is one annotator's, who is named by `coders` or after the file.

    Args:
        paths: tables of codings, labelled files, or exports of annotation tools.
        codebook: labels must be its frames; None takes them as they are.
        coders: see `read_files`.
        columns: our column names -> the files', where they differ.
        with_ground_truth: also adjudicated codings, which were made with others in view.
        empty_is_coded: in tables and doccano, a unit without a label carries no frame.
        encoding: of text files that are not UTF-8.

    Raises:
        DataError: a file cannot be read or a label is unknown.
    """
    reads, notes = read_files(
        paths, codebook, coders=coders, columns=columns, empty_is_coded=empty_is_coded, encoding=encoding
    )
    codings = [coding for read in reads for coding in read.codings]
    rejects = [reject for read in reads for reject in read.rejects]
    if codebook is not None:
        codings, more = resolve_labels(codings, codebook, ", ".join(map(str, paths)))
        rejects += more
    codings, more = keep_last(codings)
    rejects += more
    if rejects:
        unused = say_count(len(rejects), "row", "rows")
        notes.append(f"{unused} not used, the first: {rejects[0].where}: {rejects[0].reason}")
    n_uncoded = sum(coding.status != "coded" for coding in codings)
    n_truth = sum(coding.status == "coded" and coding.is_ground_truth for coding in codings)
    if n_uncoded:
        notes.append(f"{say_count(n_uncoded, 'coding is', 'codings are')} missing: skipped or cancelled")
    if n_truth and not with_ground_truth:
        notes.append(
            f"{say_count(n_truth, 'coding is', 'codings are')} ground truth (adjudicated) and left out; "
            "--with-ground-truth takes them in"
        )
    if models := sorted({coding.annotator for coding in codings if coding.is_by_model}):
        told = "a language model" if len(models) == 1 else "language models"
        notes.append(f"{list_names(models)}: {told}; agreement with people is no proof of being right")
    used = [c for c in codings if c.status == "coded" and (with_ground_truth or not c.is_ground_truth)]
    return used, notes


def measure_agreement(
    codings: Sequence[Coding],
    frame_ids: Sequence[str] | None = None,
    *,
    samples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> AgreementReport:
    """Coefficients with intervals, and where annotators differ.

    Args:
        codings: one for each unit and annotator, all of them coded.
        frame_ids: in the order wanted; None for the labels that occur, sorted.
        samples: bootstrap replicates.
        confidence: of the intervals.
        seed: of the bootstrap.
        notes: go into the report.

    Raises:
        DataError: no unit that two annotators coded.
    """
    by_unit: dict[str, list[Coding]] = defaultdict(list)
    for coding in codings:
        by_unit[coding.id].append(coding)
    units = [unit for unit in by_unit.values() if len(unit) >= PAIR]
    annotators = tuple(sorted({coding.annotator for unit in units for coding in unit}))
    if not units:
        raise DataError(
            f"no unit was coded by two annotators: {len(by_unit)} units, annotators "
            f"{', '.join(sorted({coding.annotator for coding in codings})) or '(none)'}. Give the codings of both, as "
            "one file or two, with equal ids"
        )
    frames = frame_ids or sorted({label for unit in units for coding in unit for label in coding.labels})
    clusters = renumber(_cluster(units))
    bootstrap = _Bootstrap(clusters, samples, confidence, seed)
    labels = _label_matrix(units, annotators)
    per_frame = [_frame_terms(labels, frame) for frame in frames]
    counts = [sum(frame in given for row in labels for given in row if given is not None) for frame in frames]
    judged = tuple(
        bootstrap.judge(frame, n, terms, 2) for frame, n, terms in zip(frames, counts, per_frame, strict=True)
    )
    label_sets, masi = _judge_sets(labels, bootstrap)
    return AgreementReport(
        annotators=annotators,
        n_units=len(units),
        n_clusters=int(clusters.max()) + 1,
        frames=judged,
        decisions=bootstrap.judge("all decisions", None, add_terms(per_frame), 2)
        if per_frame
        else FrameAgreement("all decisions", None, dict.fromkeys(NAMES, Estimate(None))),
        label_sets=label_sets,
        masi=masi,
        confusions=_count_confusions(units),
        disputed=_list_disputed(units),
        confidence=confidence,
        notes=(*notes, *_note_limits(len(by_unit) - len(units), judged)),
    )


def _note_limits(n_single: int, frames: Sequence[FrameAgreement]) -> list[str]:
    perfect = sum(frame.figures["percent"].value == 1 for frame in frames)
    notes = []
    if n_single:
        notes.append(f"{say_count(n_single, 'unit has', 'units have')} one coding only: nothing to compare")
    if perfect:
        frames_have = say_count(perfect, "frame has", "frames have")
        notes.append(
            f"{frames_have} no disagreement at all; drawing again cannot show any, so the interval says nothing there"
        )
    return notes


def write_disputed(path: Path, report: AgreementReport) -> None:
    """Write the units on which annotators differ, to be talked through and settled.

    Codes stand in place of ids where the sample is known. One column for each annotator, then `labels`, to be filled
    in, and `is_ground_truth`, which is true: the filled-in table is read like that of a coder.
    """
    given = [f"by {name}" for name in report.annotators]
    rows = [
        {
            **unit,
            **{f"by {name}": ";".join(labels) or NO_FRAME for name, labels in unit["codings"].items()},
            "is_ground_truth": True,
        }
        for unit in report.disputed
    ]
    write_records(path, rows, ["id", "text", IN_DISPUTE, *given, "labels", "is_ground_truth"])


class _Bootstrap:
    """Estimates from terms of units, with intervals over clusters."""

    def __init__(self, clusters: NDArray[np.int64], samples: int, confidence: float, seed: int) -> None:
        self._clusters, self._samples, self._confidence, self._seed = clusters, samples, confidence, seed

    def judge(self, name: str, coded: int | None, terms: AgreementTerms, n_values: int) -> FrameAgreement:
        summed = AgreementTerms(
            *(sum_by_cluster(getattr(terms, part), self._clusters) for part in AgreementTerms.__slots__)
        )
        n_clusters = len(summed.paired)
        value = coefficients(summed.weigh(np.ones((1, n_clusters))), n_values)
        drawn = [
            coefficients(summed.weigh(weights), n_values)
            for weights in cluster_weights(self._clusters, self._samples, self._seed)
        ]
        figures = {part: self._estimate(value, drawn, part, n_clusters) for part in NAMES}
        return FrameAgreement(name, coded, figures)

    def judge_distance(self, values: Floats, concordant: Floats, distances: Floats) -> Estimate:
        """Alpha for a distance of values; arguments as in `distance_alpha`, by unit."""
        values, concordant = (sum_by_cluster(part, self._clusters) for part in (values, concordant))
        n_clusters = len(values)
        (point,) = distance_alpha(values.sum(axis=0, keepdims=True), concordant.sum(keepdims=True), distances)
        if np.isnan(point):
            return Estimate(None)
        replicates = [
            distance_alpha(weights @ values, weights @ concordant, distances)
            for weights in cluster_weights(self._clusters, self._samples, self._seed)
        ]
        return as_estimate(float(point), np.concatenate(replicates), self._confidence, n_clusters=n_clusters)

    def _estimate(
        self, value: Coefficients, drawn: Sequence[Coefficients], part: str, n_clusters: int
    ) -> Estimate:
        point = float(getattr(value, part)[0])
        if np.isnan(point):
            return Estimate(None)
        replicates = np.concatenate([getattr(chunk, part) for chunk in drawn])
        return as_estimate(point, replicates, self._confidence, n_clusters=n_clusters)


def _cluster(units: Sequence[Sequence[Coding]]) -> NDArray[np.int64]:
    return cluster_texts([unit[0].text for unit in units], groups=[_post_of(unit[0]) for unit in units])


def _post_of(coding: Coding) -> str | None:
    """The post of a sentence, where that is known."""
    group = coding.extra.get("group")
    if group is not None:
        return str(group)
    return coding.id.rpartition(":")[0] if coding.extra.get("unit") == "sentence" else None


def _label_matrix(
    units: Sequence[Sequence[Coding]], annotators: Sequence[str]
) -> list[list[frozenset[str] | None]]:
    """Labels of each unit by each annotator; None where missing."""
    place = {name: k for k, name in enumerate(annotators)}
    matrix: list[list[frozenset[str] | None]] = [[None] * len(annotators) for _ in units]
    for row, unit in zip(matrix, units, strict=True):
        for coding in unit:
            row[place[coding.annotator]] = frozenset(coding.labels)
    return matrix


def _frame_terms(labels: Sequence[Sequence[frozenset[str] | None]], frame: str) -> AgreementTerms:
    codes = [[-1 if given is None else int(frame in given) for given in row] for row in labels]
    return agreement_terms(np.array(codes, np.int64), 2)


def _judge_sets(
    labels: Sequence[Sequence[frozenset[str] | None]], bootstrap: _Bootstrap
) -> tuple[FrameAgreement, Estimate]:
    """Agreement of whole sets, and alpha with MASI as distance."""
    numbers: dict[frozenset[str], int] = {}
    codes = np.array(
        [
            [-1 if given is None else numbers.setdefault(given, len(numbers)) for given in row]
            for row in labels
        ],
        np.int64,
    )
    terms = agreement_terms(codes, len(numbers))
    distances = masi_distances(list(numbers))
    masi = bootstrap.judge_distance(terms.values, concordance(codes, distances), distances)
    return bootstrap.judge("label sets", None, terms, len(numbers)), masi


def _count_confusions(units: Sequence[Sequence[Coding]]) -> tuple[tuple[str, str, int], ...]:
    """What stands against what in pairs of codings of a unit; frames that both gave do not count."""
    counts: Counter[tuple[str, str]] = Counter()
    for unit in units:
        for one, other in combinations(unit, 2):
            left, right = set(one.labels) - set(other.labels), set(other.labels) - set(one.labels)
            for a in sorted(left) or [NONE]:
                for b in sorted(right) or [NONE]:
                    if a != b:
                        counts[(b, a) if a == NONE or (b != NONE and b < a) else (a, b)] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((a, b, n) for (a, b), n in ordered)


def _list_disputed(units: Sequence[Sequence[Coding]]) -> tuple[dict[str, Any], ...]:
    disputed = [
        describe_codings(unit) | {"id": _blind_id(unit[0])}
        for unit in units
        if len({frozenset(c.labels) for c in unit}) > 1
    ]
    return tuple(sorted(disputed, key=lambda unit: (-len(unit["in_dispute"]), unit["id"])))


def _blind_id(coding: Coding) -> str:
    """The code that coders know the unit by, where its sample is known: an id tells the channel."""
    sample_id = coding.extra.get("sample_id")
    return coding.id if sample_id is None else make_unit_code(coding.id, sample_id)
