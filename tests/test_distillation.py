"""A student that copies a finished model: it answers alike, says where it comes from, and finds what it has seen."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    FRAMES,
    codebook,
    each_its_own_cluster,
    labelled,
    quiet_context,
    save_plain_bundle,
    toy_rows,
    write_tiny_encoder,
)
from click.testing import Result
from scipy.special import expit, softmax
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.classifiers.blend import Blend
from pipeline.classifiers.protocols import Classifier
from pipeline.classifiers.transformer.fine_tuning import TrainingOutcome
from pipeline.classifiers.transformer.student_network import Recipe
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.cli import app
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.model import BlendSettings, TfidfSettings, TransformerSettings
from pipeline.data.labels.training_record import STEM, TrainingRecord
from pipeline.evaluation.evaluate_bundle import compare_bundles
from pipeline.evaluation.leakage import find_learnt, keep_unseen, read_record, text_digests, warn_of_seen
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures.calibration import fit_calibrator, identity_calibrator, logit
from pipeline.measures.decision_rule import DecisionRule, copy_decision_rule

LABELLED = toy_rows(90, seed=1)
TRAIN, TEST = LABELLED.subset(np.arange(60)), LABELLED.subset(np.arange(60, 90))


def small(encoder: Path, **changes: Any) -> TransformerSettings:
    recipe = {"epochs": 12, "learning_rate": 3e-3, "tokens_per_batch": 512, "decide_on": "dev", **changes}
    fixed = {"max_tokens": 64, "max_int8_loss": 1.0, "precision": "fp32", "device": "cpu"}
    return TransformerSettings(encoder=str(encoder), **recipe, **fixed)


def save_teacher(folder: Path, model: Classifier) -> ModelBundle:
    """A bundle with what a training keeps and distillation needs."""
    texts, seen = list(TEST.table["text"]), list(TRAIN.table["text"])
    raw = model.predict_proba(texts).astype(float)
    predictions = TestPredictions(
        np.asarray(TEST.table["id"], str), each_its_own_cluster(TEST), TEST.indicator(), raw, raw >= 0.4, raw
    )
    return save_plain_bundle(
        folder,
        "toy",
        model,
        codebook(),
        arrays={
            "test_predictions": predictions.to_arrays(),
            "training_texts": {"digests": text_digests(seen), "test_digests": text_digests(texts)},
            STEM: TrainingRecord.of(seen, np.full((len(seen), len(FRAMES)), 0.5)).to_arrays(),
        },
        provenance={"test_fingerprint": TEST.fingerprint},
    )


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def teacher(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A fine-tuned transformer of toy size."""
    folder = tmp_path_factory.mktemp("teacher")
    model = FineTunedTransformer(small(encoder), FRAMES, single_label=False)
    model.fit(TRAIN, TRAIN, each_its_own_cluster(TRAIN), quiet_context(folder))
    return save_teacher(folder / "bundle", model)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of posts, some of them of the training and of the test fold, and the labelled file."""
    folder = tmp_path_factory.mktemp("posts")
    texts = [*toy_rows(460, seed=2).table["text"], *LABELLED.table["text"], "https://t.me/x", "football"] * 2
    (folder / "posts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    rows = [
        {"id": row.id, "text": row.text, "labels": list(row.labels)} for row in LABELLED.table.itertuples()
    ]
    (folder / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def distil(*arguments: object, layers: int = 1) -> Result:
    words = [*map(str, arguments), "--layers", str(layers), "--epochs", "2"]
    return CliRunner().invoke(app, ["distil", *words], env={"COLUMNS": "500"})


@pytest.fixture(scope="module")
def student(teacher: ModelBundle, folder: Path) -> ModelBundle:
    """Also writes what the command printed to told.txt."""
    told = distil(
        *(teacher.folder, folder / "posts.jsonl", "-o", folder / "student"),
        *("--labelled", folder / "labelled.jsonl"),
    )
    assert told.exit_code == 0, told.output
    (folder / "told.txt").write_text(told.stdout, encoding="utf-8")
    return load_bundle(folder / "student")


def test_a_student_has_a_third_of_the_layers_unless_a_number_is_set() -> None:
    assert [Recipe().count_layers(n) for n in (2, 6, 12)] == [1, 2, 4]
    assert Recipe(layers=3).count_layers(12) == 3


def test_a_student_answers_nearly_as_its_teacher_does(teacher: ModelBundle, student: ModelBundle) -> None:
    new = list(toy_rows(300, seed=9).table["text"])
    (wanted, decided), (found, by_student) = teacher.predict(new), student.predict(new)
    assert np.abs(found - wanted).mean() < np.abs(wanted - wanted.mean(axis=0)).mean() / 10
    assert (by_student == decided).mean() > 0.97
    config = json.loads((student.folder / "classifier" / "config.json").read_text(encoding="utf-8"))
    assert config["num_hidden_layers"] == 1
    assert (student.folder / "classifier" / "onnx" / "model.onnx").is_file()


def test_the_student_of_a_blend_keeps_its_baseline(encoder: Path, folder: Path, tmp_path: Path) -> None:
    settings = BlendSettings(
        tfidf=TfidfSettings(min_df=1, c_grid=(10.0,)),
        transformer=small(encoder, decide_on="out_of_fold", inner_folds=2, epochs=4),
    )
    blend = Blend(settings, FRAMES, single_label=False)
    blend.fit(TRAIN, None, each_its_own_cluster(TRAIN), quiet_context(tmp_path))
    teacher = save_teacher(tmp_path / "blend", blend)
    told = distil(
        *(teacher.folder, folder / "posts.jsonl", "-o", tmp_path / "student"),
        *("--labelled", folder / "labelled.jsonl"),
    )
    assert told.exit_code == 0, told.output
    student = load_bundle(tmp_path / "student")
    before, now = (
        {name: file for name, file in bundle.manifest["files"].items() if "tfidf" in name}
        for bundle in (teacher, student)
    )
    assert student.classifier.kind == "blend"
    assert now == before != {}
    new = list(toy_rows(200, seed=9).table["text"])
    wanted = teacher.predict(new)[0]
    assert np.abs(student.predict(new)[0] - wanted).mean() < np.abs(wanted - wanted.mean(axis=0)).mean() / 5


def test_the_command_counts_what_it_left_out_and_names_what_follows(
    teacher: ModelBundle, student: ModelBundle, folder: Path
) -> None:
    told = (folder / "told.txt").read_text(encoding="utf-8")
    counts = student.manifest["distilled"]["texts"]
    drawn = counts["of_tests"] + counts["held_out"] + counts["near_held_out"] + counts["learnt"]
    assert counts["read"] == counts["boilerplate"] + counts["repeated"] + counts["not_drawn"] + drawn
    assert counts["boilerplate"] == 1
    assert counts["of_tests"] >= len(TEST)
    assert counts["seen_by_teacher"] >= len(TRAIN)
    assert f"frames compare {teacher.folder} {student.folder}" in told.replace("\n", "")
    assert all(frame in told for frame in FRAMES)
    assert "sentences are few to learn from" in told


def test_a_terminal_is_shown_every_stage_to_its_end(
    teacher: ModelBundle, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the stream for a terminal
    told = distil(
        *(teacher.folder, folder / "posts.jsonl", "-o", tmp_path / "student"),
        *("--labelled", folder / "labelled.jsonl"),
    )
    assert told.exit_code == 0, told.output
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told.stderr).replace("\r", "\n")
    shown = re.findall(r"^(\w[\w :-]*?) +\S*━\S* +(\d+)/(\d+|\?)", plain, re.MULTILINE)
    ended = {stage: (done, of) for stage, done, of in shown}  # the last that was drawn of each
    assert list(ended) == [
        "reading posts",
        "looking for copies",
        "teacher: held-out sentences",
        "teacher: answers",
        "transformer: fine-tuning",
        "student: held-out sentences",
        "student: figures on the test fold",
    ]
    assert all(of in (done, "?") for done, of in ended.values())
    assert int(ended["reading posts"][0]) == 460 + len(LABELLED) + 2


def test_what_the_teacher_has_seen_is_known_of_the_student_and_lessons_stand_apart(
    teacher: ModelBundle, student: ModelBundle, folder: Path
) -> None:
    seen, tests = list(TRAIN.table["text"]), list(TEST.table["text"])
    assert find_learnt(student, seen).all()
    assert not find_learnt(student, tests).any()
    assert np.isnan(read_record(student).probabilities).all(), "nobody knows what it gave them before"
    assert not np.isnan(read_record(teacher).probabilities).any()
    lines = (folder / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    lessons = [json.loads(line)["text"] for line in lines[:300]]
    assert warn_of_seen(student, tests, "") == ()
    of_both, of_lessons = warn_of_seen(student, [*seen, *lessons], "")
    assert "of 360 texts stand in this model's own training data" in of_both
    assert "of 360 texts were lessons of a student, without labels" in of_lessons
    kept, notes = keep_unseen(labelled(lessons, [()] * 300), [teacher, student])
    assert len(kept) > 280, "some look like training texts"
    assert "were lessons" in notes[-1]


def test_the_card_names_the_teacher_and_the_lessons_by_digest(
    teacher: ModelBundle, student: ModelBundle
) -> None:
    card = (student.folder / "model_card.md").read_text(encoding="utf-8")
    section = card.split("## Teacher")[1].split("\n## ")[0]
    distilled = student.manifest["distilled"]
    assert teacher.bundle_hash in section
    assert distilled["texts_sha256"] in section
    assert f"learnt from: {distilled['texts']['learnt']}" in section
    assert all(f"| {frame} |" in section for frame in FRAMES)


def test_teacher_and_student_are_compared_on_the_teachers_test_fold(
    teacher: ModelBundle, student: ModelBundle
) -> None:
    comparison = compare_bundles(teacher, student, EvaluationSettings(bootstrap_samples=100))
    assert comparison.macro_f1.gain.low is not None
    texts = list(TEST.table["text"])
    kept = student.read_arrays("test_predictions")
    np.testing.assert_allclose(kept["calibrated"], student.predict(texts)[0], atol=1e-6)
    np.testing.assert_array_equal(kept["ids"], TEST.table["id"])


def test_what_cannot_be_distilled_is_refused_in_a_line(
    teacher: ModelBundle, tiny_bundle: ModelBundle, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "few.jsonl").write_text('{"text": "the army stands at the border"}\n')
    changed = (folder / "labelled.jsonl").read_text(encoding="utf-8").replace("football", "rugby")
    (tmp_path / "changed.jsonl").write_text(changed, encoding="utf-8")
    posts, labelled = folder / "posts.jsonl", ("--labelled", folder / "labelled.jsonl")
    for arguments, message in (
        ((tiny_bundle.folder, posts), "is a baseline, which scores faster than any student would"),
        ((teacher.folder, posts), "the file of its test fold, of unknown name, is not here: give it with"),
        ((teacher.folder, posts, "--labelled", tmp_path / "changed.jsonl"), "have other texts or labels"),
        ((teacher.folder, tmp_path / "few.jsonl", *labelled), "1 different sentences, 1 of which toy@"),
    ):
        told = distil(*arguments, "-o", tmp_path / "none")
        assert told.exit_code == 1, told.output
        assert message in told.output
    told = distil(teacher.folder, posts, *labelled, "-o", tmp_path / "none", layers=2)
    assert "the teacher's encoder has 2; a student has fewer" in told.output
    assert not (tmp_path / "none").exists()


def test_a_killed_run_goes_on_to_the_same_student_whatever_the_order_of_posts(
    teacher: ModelBundle, student: ModelBundle, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the training and before the student was written; then also registered."""
    import pipeline.classifiers.transformer.student_network as module  # noqa: PLC0415 - to break off in it

    outcomes = []
    whole = module.fine_tune

    def break_off(*arguments: Any, **options: Any) -> TrainingOutcome:
        outcomes.append(whole(*arguments, **options))
        if len(outcomes) == 1:
            raise KeyboardInterrupt
        return outcomes[-1]

    monkeypatch.setattr(module, "fine_tune", break_off)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    lines = (folder / "posts.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "reversed.jsonl").write_text("".join(reversed(lines)), encoding="utf-8")
    arguments = (
        *(teacher.folder, tmp_path / "reversed.jsonl", "-o", tmp_path / "late"),
        *("--labelled", folder / "labelled.jsonl", "--register-as", "toy", "--json"),
    )
    assert distil(*arguments).exit_code != 0
    assert not (tmp_path / "late").exists()
    told = distil(*arguments)
    assert told.exit_code == 0, told.output
    printed = json.loads(told.stdout)
    assert outcomes[1].resumed_at_step == outcomes[0].steps
    assert printed["bundle_hash"] == student.bundle_hash
    assert (printed["registered"], printed["version"]) == ("toy", 1)


def test_soft_targets_are_met_by_calibration_and_hard_ones_as_before() -> None:
    """Raw log odds are half of what they should be, and .5 too high."""
    generator = np.random.default_rng(0)
    wanted = expit(generator.normal(-1, 2, (4000, 2)))
    raw = expit(logit(wanted) / 2 + 0.5)
    calibrator = fit_calibrator(raw, wanted, single_label=False, shrinkage=20.0)
    np.testing.assert_allclose(calibrator.slopes, 2, atol=0.05)
    np.testing.assert_allclose(calibrator.offsets, -1, atol=0.05)
    rule = DecisionRule(identity_calibrator(2, single_label=False), np.full(2, 0.9), single_label=False)
    kept, tuned = (
        copy_decision_rule(rule, raw, wanted, raw[:9], tuned=choose, shrinkage=20.0)
        for choose in (False, True)
    )
    assert kept.thresholds.tolist() == [0.9, 0.9]
    truth = generator.random(wanted.shape) < wanted
    hits, found = ([(rule.decide(wanted) & part).sum() for rule in (kept, tuned)] for part in (truth, True))
    f1 = [2 * hit / (n + truth.sum()) for hit, n in zip(hits, found, strict=True)]
    assert f1[1] > f1[0] + 0.1, "what a copy is less sure of is found by lower thresholds"
    classes = softmax(generator.normal(0, 2, (3000, 3)), axis=1)
    flat = softmax(np.log(classes) / 3, axis=1)
    found = fit_calibrator(flat, classes, single_label=True, shrinkage=20.0)
    np.testing.assert_allclose(found.slopes, 3, rtol=0.05)
