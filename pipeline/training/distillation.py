"""A student for scoring in bulk: a smaller network that answers as a finished model does, taught on posts.

It needs no labels. A network with the lowest layers of the teacher's encoder learns what the teacher's network says of
many unlabelled sentences; a blend keeps its baseline, which takes little time, and its weights. Held-out sentences,
which neither of the two has learnt from, bring the student's probabilities to those of the teacher (calibration), and
another half of them says how well it agrees. Thresholds that the teacher's config sets stay; where they were tuned,
they are tuned anew, for a student is less sure than its teacher.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle, load_bundle, save_bundle
from pipeline.classifiers.blend import Blend
from pipeline.classifiers.normalised_text import NormalisedText
from pipeline.classifiers.protocols import FitContext, FittedClassifier, Progress
from pipeline.classifiers.transformer.student_network import (
    Recipe,
    check_recipe,
    teach_student,
)
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.config.decisions import DecisionSettings
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.tracking import TrackingSettings
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.normalise_batches import normalise_texts
from pipeline.errors import ConfigError, ModelError
from pipeline.evaluation.evaluate_bundle import read_test_predictions, read_training_facts
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.slices import SliceReport, evaluate_slices
from pipeline.evaluation.test_fold import match_test_fold, read_test_file
from pipeline.evaluation.test_predictions import TestPredictions, evaluate_predictions
from pipeline.files.json_files import read_json_object
from pipeline.measures.decision_rule import DecisionRule, copy_decision_rule
from pipeline.reporting.model_card import MODEL_CARD, write_card
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.training.student_records import (
    Agreement,
    describe_origin,
    describe_rows,
    describe_student,
    measure_agreement,
)
from pipeline.training.tracked_training import register_with_card
from pipeline.training.unfinished_work import hold_folder, work_folder
from pipeline.training.unlabelled_texts import TextCounts, read_unlabelled

MOST_SENTENCES = 20_000  # some ten minutes of training on two cores
_NO_STUDENT = {
    "tfidf": "a baseline, which scores faster than any student would",
    "cascade": "a cascade: distil a model of its second stage, trained alone",
    "llm": "a language model, which holds no network: let it label posts (frames label-llm), and train on data.teacher",
}


@dataclass(frozen=True, slots=True)
class Distillation:
    """A student and what is known of it.

    Attributes:
        bundle: of the student.
        teacher: its teacher's name and the head of its hash.
        counts: of the texts.
        agreement: on held-out texts that did not serve its calibration.
        report: figures on the teacher's test fold.
        slices: the same for parts of it.
        rates: held-out sentences that teacher and student scored a second, in this run on this machine.
        notes: what a reader has to know.
    """

    bundle: ModelBundle
    teacher: str
    counts: TextCounts
    agreement: Agreement
    report: EvaluationReport
    slices: SliceReport
    rates: tuple[float, float]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "bundle": str(self.bundle.folder),
            "bundle_hash": self.bundle.bundle_hash,
            "teacher": self.teacher,
            "texts": self.counts.to_json(),
            "agreement": self.agreement.to_json(),
            "evaluation": self.report.to_json(),
            "slices": self.slices.to_json(),
            "sentences_per_second": dict(zip(("teacher", "student"), self.rates, strict=True)),
            "notes": list(self.notes),
        }


def distil(
    teacher: ModelBundle,
    posts: Sequence[Path],
    destination: Path,
    *,
    labelled: Path | None = None,
    recipe: Recipe | None = None,
    most: int = MOST_SENTENCES,
    seed: int = 42,
    options: ReadOptions | None = None,
    format_name: str | None = None,
    progress: Progress = lambda *_: None,
) -> Distillation:
    """Teach a student and save it as a new bundle.

    A run that was killed begins again at reading the posts, and its training goes on from the last checkpoint, if
    posts, teacher and recipe are the same.

    Args:
        teacher: a transformer or a blend.
        posts: posts tables or raw exports.
        destination: a folder that does not exist yet.
        labelled: file with the rows of the teacher's test fold, which give the student its figures; none of its texts
            is learnt from unless the teacher has. None for the file that the teacher's config names.
        recipe: how; None for the default.
        most: sentences that are drawn from the posts.
        seed: of the draw and the training.
        options: what the user says about raw exports.
        format_name: of raw exports; None to tell it from their content.
        progress: told how far it is.

    Raises:
        ConfigError: a teacher that cannot have a student, or as many layers as it has.
        DataError: too few texts; no labelled file, or one whose rows are not those of the teacher's test fold.
        ModelError: the destination exists.
    """
    recipe = recipe or Recipe()
    if destination.exists():
        raise ModelError(f"{destination} exists already; a bundle is never written over another")
    network = _find_network(teacher)
    check_recipe(network, recipe)
    rows = read_test_file(teacher, labelled)
    test = match_test_fold(teacher, rows)
    texts = read_unlabelled(
        posts,
        teacher,
        labelled=rows,
        most=most,
        seed=seed,
        options=options or ReadOptions(),
        format_name=format_name,
        progress=progress,
    )
    progress("teacher: held-out sentences", 0, len(texts.held_out))
    wanted, decided, teacher_rate = _ask(teacher, texts.held_out)
    progress("teacher: held-out sentences", len(wanted), len(wanted))
    began = time.monotonic()
    key = json.dumps([teacher.bundle_hash, asdict(recipe), seed, texts.learnt])
    with hold_folder(work_folder(destination.parent, key)) as work:
        context = FitContext(seed, work, lambda *_: None, progress)
        read = normalise_texts if isinstance(teacher.classifier, NormalisedText) else list
        checked = read(texts.held_out), decided
        taught = teach_student(network, read(texts.learnt), checked, recipe, context)
    figures = {f"fit_{name}": value for name, value in taught.figures.items()}
    figures["fit_seconds"] = round(time.monotonic() - began, 3)
    student = _take_place(teacher.classifier, taught.classifier)

    progress("student: held-out sentences", 0, len(texts.held_out))
    began = time.perf_counter()
    raw = student.predict_proba(texts.held_out)
    rates = (teacher_rate, len(raw) / (time.perf_counter() - began))
    progress("student: held-out sentences", len(raw), len(raw))
    half = len(raw) // 2
    config = read_json_object(teacher.folder / "config.json")
    rule = copy_decision_rule(
        teacher.decisions,
        raw[:half],
        wanted[:half],
        raw[half:],
        tuned=_is_tuned(config),
        shrinkage=DecisionSettings().shrinkage_positives,
    )
    calibrated = rule.calibrate(raw)
    agreement = measure_agreement(
        teacher.frame_ids,
        (wanted[half:], decided[half:]),
        (calibrated[half:], rule.decide(calibrated[half:])),
    )
    progress("student: figures on the test fold", 0, len(test))
    predictions = _predict_test(teacher, test, student, rule)
    report, slices = _evaluate(teacher, predictions, seed)
    progress("student: figures on the test fold", len(test), len(test))
    notes = (*describe_student(teacher, texts.counts), *texts.warnings, *taught.notes, *report.notes)
    folder = save_bundle(
        destination,
        name=f"{teacher.manifest['name']} student",
        classifier=student,
        codebook=teacher.codebook,
        decisions=rule,
        config=config,
        metrics={**report.to_json(), "slices": slices.to_json()},
        arrays=describe_rows(teacher, texts, predictions),
        provenance={
            **describe_origin(teacher, texts, agreement, recipe=asdict(recipe), figures=figures, notes=notes),
            "seed": seed,
        },
        describe=lambda building, manifest: {MODEL_CARD: write_card(building, manifest)},
    )
    return Distillation(
        load_bundle(folder), teacher.model_id, texts.counts, agreement, report, slices, rates, notes
    )


def record_distillation(done: Distillation, tracking: TrackingSettings) -> int | None:
    """Record a student as a run in MLflow and, with `register_as`, as that model's newest version.

    Raises:
        PipelineError: the store does not answer or cannot be used.
    """
    with MlflowTracker.start(tracking, str(done.bundle.manifest["name"])) as tracker:
        tracker.log_metrics(done.report.flat_metrics())
        tracker.log_dict(done.to_json(), "distillation.json")
        tracker.log_bundle(done.bundle.folder)
        return register_with_card(tracker, done.bundle.folder, done.report, tracking, why="distilled")


def _find_network(teacher: ModelBundle) -> FineTunedTransformer:
    """The teacher's own network, whose layers the student takes.

    Raises:
        ConfigError: it has none.
    """
    kind = teacher.classifier.kind
    if kind in _NO_STUDENT:
        raise ConfigError(f"{teacher.model_id} is {_NO_STUDENT[kind]}")
    folder = teacher.folder / "classifier"
    return FineTunedTransformer.load(folder / "transformer" if kind == "blend" else folder)


def _is_tuned(config: Mapping[str, Any]) -> bool:
    """Whether a training chose its thresholds, and no fixed one was set."""
    decisions = config.get("decisions")
    return isinstance(decisions, dict) and decisions.get("threshold") == "tuned"


def _take_place(of: FittedClassifier, student: FineTunedTransformer) -> FittedClassifier:
    """The classifier with a student where its transformer was."""
    if isinstance(of, NormalisedText):
        return NormalisedText(_take_place(of.inner, student))
    return of.with_transformer(student) if isinstance(of, Blend) else student


def _ask(teacher: ModelBundle, texts: list[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_], float]:
    """Probabilities and decisions of the whole teacher, both (n, k), and texts that it scored a second."""
    began = time.perf_counter()
    calibrated, decided = teacher.predict(texts)
    return calibrated, decided, len(texts) / (time.perf_counter() - began)


def _predict_test(
    teacher: ModelBundle, test: LabelledData, student: FittedClassifier, rule: DecisionRule
) -> TestPredictions:
    """The teacher's test fold with what the student says of it."""
    raw = student.predict_proba(list(test.table["text"]))
    calibrated = rule.calibrate(raw)
    known = read_test_predictions(teacher)
    return replace(known, raw=raw, calibrated=calibrated, decided=rule.decide(calibrated))


def _evaluate(
    teacher: ModelBundle, predictions: TestPredictions, seed: int
) -> tuple[EvaluationReport, SliceReport]:
    settings = EvaluationSettings()
    report = evaluate_predictions(
        predictions, teacher.frame_ids, settings, seed=seed, parents=teacher.codebook.parents
    )
    facts = read_training_facts(teacher)
    return report, evaluate_slices(predictions, facts, settings, frame_ids=teacher.frame_ids, seed=seed)
