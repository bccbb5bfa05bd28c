"""What a student's bundle says of its teacher, and what it keeps of the texts that both have learnt from.

Whatever the teacher learnt from counts as learnt by the student. What the student would give these texts had its
teacher not learnt from them is not known, so no probability stands beside them: shares refuse a sample that holds more
of them than chance. Its own lessons are kept apart from these, for it knew no label of them: were they one with the
others, no sample of a corpus that the student was taught on could show that it holds the teacher's training rows. The
words, languages and lengths that drift is measured against stay those of the labelled texts, from which the frames got
their meaning.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.labels.training_record import STEM as TRAINING_RECORD
from pipeline.data.labels.training_record import digest_texts
from pipeline.evaluation.leakage import LESSONS, read_record, text_digests
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.scoring.drift_reference import STEM as DRIFT_REFERENCE
from pipeline.scoring.drift_reference import read_drift_reference
from pipeline.tracking.provenance import collect_provenance
from pipeline.training.unlabelled_texts import TextCounts, UnlabelledTexts

FEW_LESSONS = 3000  # below, more posts are worth more than anything else
ENOUGH = 10  # held-out texts that the teacher decides for, below which a frame's agreement says little
_OWN = ("format", "name", "kind", "bundle_hash", "codebook_hash", "files", "manifest_hash", "processes")

Answers = tuple[NDArray[np.float64], NDArray[np.bool_]]  # probabilities and decisions, both (n, k)


@dataclass(frozen=True, slots=True)
class FrameAgreement:
    """How a student agrees with its teacher on a frame.

    Attributes:
        frame: its id.
        teacher: texts that the teacher decides for; student: likewise.
        f1: of the student's decisions, the teacher's taken for the truth; None where these are fewer than ten.
        difference: mean absolute difference of probabilities.
    """

    frame: str
    teacher: int
    student: int
    f1: float | None
    difference: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of n texts, frame by frame."""

    n: int
    frames: tuple[FrameAgreement, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def measure_agreement(frame_ids: Sequence[str], teacher: Answers, student: Answers) -> Agreement:
    """Agreement of answers to the same n texts."""
    wanted, decided = teacher
    differences = np.abs(student[0] - wanted).mean(axis=0)
    both = (decided & student[1]).sum(axis=0)
    n_teacher, n_student = decided.sum(axis=0), student[1].sum(axis=0)
    frames = (
        FrameAgreement(
            frame,
            int(n_teacher[k]),
            int(n_student[k]),
            float(2 * both[k] / (n_teacher[k] + n_student[k])) if n_teacher[k] >= ENOUGH else None,
            float(differences[k]),
        )
        for k, frame in enumerate(frame_ids)
    )
    return Agreement(len(wanted), tuple(frames))


def describe_rows(
    teacher: ModelBundle, texts: UnlabelledTexts, predictions: TestPredictions
) -> dict[str, Mapping[str, NDArray[Any]]]:
    """The arrays of a student's bundle.

    Args:
        teacher: whose arrays are carried over.
        texts: of the lessons, and those held out.
        predictions: of the test fold.
    """
    known = read_record(teacher)
    unknown = np.full_like(known.probabilities, np.nan)
    reference = read_drift_reference(teacher)
    return {
        "training_texts": teacher.read_arrays("training_texts"),
        TRAINING_RECORD: replace(known, probabilities=unknown).to_arrays(),
        LESSONS: {"digests": text_digests([*texts.learnt, *texts.held_out])},
        "test_predictions": predictions.to_arrays(),
        **({} if reference is None else {DRIFT_REFERENCE: reference.to_arrays()}),
    }


def describe_origin(
    teacher: ModelBundle,
    texts: UnlabelledTexts,
    agreement: Agreement,
    *,
    recipe: Mapping[str, Any],
    figures: Mapping[str, float],
    notes: Sequence[str],
) -> dict[str, Any]:
    """The manifest of a student: its teacher's, with what is its own."""
    kept = {key: value for key, value in teacher.manifest.items() if key not in _OWN}
    digests = np.sort(digest_texts(texts.learnt))
    return {
        **kept,
        **collect_provenance(),
        "figures": dict(figures),
        "distilled": {
            "teacher": teacher.model_id,
            "bundle_hash": teacher.bundle_hash,
            "kind": teacher.classifier.kind,
            "recipe": dict(recipe),
            "texts": texts.counts.to_json(),
            "texts_sha256": hashlib.sha256(digests.tobytes()).hexdigest(),
            "agreement": agreement.to_json(),
        },
        "notes": [*notes, *(f"of the teacher: {note}" for note in teacher.manifest.get("notes", []))],
    }


def describe_student(teacher: ModelBundle, counts: TextCounts) -> list[str]:
    """Notes for whoever reads a student's figures."""
    taught = (
        f"a student of {teacher.model_id}, taught on {counts.learnt:,} unlabelled sentences to answer as it does: "
        f"calibrated to the teacher's probabilities on {counts.held_out // 2:,} others that neither has learnt from"
    )
    if counts.learnt >= FEW_LESSONS:
        return [taught]
    few = f"{counts.learnt:,} sentences are few to learn from: give posts with {FEW_LESSONS:,} and more"
    return [taught, few]
