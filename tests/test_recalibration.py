"""A model for another coder: the new rule is right where the old one was off, and says honestly by how much."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import FRAMES, WORDS, codebook, each_its_own_cluster, labelled, quiet_context, save_plain_bundle
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle, read_manifest, save_bundle
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.cli import app
from pipeline.config.model import TfidfSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import DataError, ModelError
from pipeline.evaluation.leakage import find_learnt, text_digests
from pipeline.measures.calibration import Calibrator, identity_calibrator, logit
from pipeline.measures.decision_rule import DecisionRule
from pipeline.training.recalibration import recalibrate

SHIFT = 1.5  # by how much the first rule's log odds are too high


def coded_rows(n: int, seed: int) -> LabelledData:
    """Texts with two words of a frame, coded with a probability that the number of other words decides."""
    generator = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        words, carried = [f"n{seed}x{i}"], []
        for frame in FRAMES:
            if generator.random() < 0.4:
                n_words = int(generator.integers(1, 4))
                words += list(generator.choice(WORDS[frame], size=n_words))
                if generator.random() < (0.1, 0.4, 0.8)[n_words - 1]:
                    carried.append(frame)
        words += list(generator.choice(["the", "and", "weather", "today", "market"], size=4))
        generator.shuffle(words)
        texts.append(" ".join(words))
        labels.append(tuple(carried))
    return labelled(texts, labels)


def digests_of(rows: LabelledData) -> dict[str, dict[str, NDArray[Any]]]:
    return {"training_texts": {"digests": text_digests(list(rows.table["text"]))}}


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A model whose probabilities were right for other coders, and are too high for the rows of these tests."""
    folder = tmp_path_factory.mktemp("shifted")
    rows = coded_rows(400, 1)
    model = TfidfBaseline(TfidfSettings(min_df=1, c_grid=(3.0,)), FRAMES, single_label=False)
    summary = model.fit(rows, None, each_its_own_cluster(rows), quiet_context(folder))
    assert summary.figures["chosen_c"] == 3
    plain = save_plain_bundle(folder / "plain", "plain", model, codebook(), arrays=digests_of(rows))
    right = recalibrate(plain, coded_rows(2000, 2), folder / "right")
    calibrator = right.bundle.decisions.calibrator
    rule = DecisionRule(
        Calibrator(calibrator.slopes, calibrator.offsets + SHIFT, softmax=False),
        right.bundle.decisions.thresholds,
        single_label=False,
    )
    return replace(right.bundle, decisions=rule)


def macro_f1(bundle: ModelBundle, rows: LabelledData) -> float:
    _, decided = bundle.predict(list(rows.table["text"]))
    return float(f1_score(rows.indicator(), decided, average="macro"))


def log_loss(bundle: ModelBundle, rows: LabelledData) -> float:
    probabilities, _ = bundle.predict(list(rows.table["text"]))
    return float(-np.where(rows.indicator() > 0, np.log(probabilities), np.log1p(-probabilities)).mean())


@pytest.mark.parametrize("n", [60, 400])
def test_probabilities_are_right_again_on_fresh_rows(shifted: ModelBundle, n: int, tmp_path: Path) -> None:
    done = recalibrate(shifted, coded_rows(n, 3), tmp_path / "new")
    fresh = coded_rows(3000, 4)
    assert log_loss(done.bundle, fresh) < log_loss(shifted, fresh) - 0.05
    probabilities, _ = done.bundle.predict(list(fresh.table["text"]))
    assert probabilities.mean() == pytest.approx(fresh.indicator().mean(), rel=0.25 if n < 100 else 0.12)
    assert macro_f1(done.bundle, fresh) > macro_f1(shifted, fresh)


def test_its_figures_are_those_of_fresh_rows_and_not_of_rows_it_learnt_from(
    shifted: ModelBundle, tmp_path: Path
) -> None:
    stated, fresh = [], []
    for seed in range(6):
        done = recalibrate(shifted, coded_rows(100, 10 + seed), tmp_path / f"{seed}")
        stated.append(done.report.macro_f1.value)
        fresh.append(macro_f1(done.bundle, coded_rows(1500, 30 + seed)))
    assert np.mean(stated) == pytest.approx(np.mean(fresh), abs=0.05)


def test_a_model_that_is_right_already_is_hardly_moved(shifted: ModelBundle, tmp_path: Path) -> None:
    right = recalibrate(shifted, coded_rows(2000, 5), tmp_path / "right").bundle
    again = recalibrate(right, coded_rows(60, 6), tmp_path / "again").bundle
    probabilities = np.linspace(0.05, 0.95, 19)[:, None].repeat(len(FRAMES), axis=1)

    def moved(bundle: ModelBundle) -> NDArray[np.float64]:
        return logit(bundle.decisions.calibrate(probabilities))

    assert np.abs(moved(again) - moved(right)).mean() < np.abs(moved(right) - moved(shifted)).mean() / 2


def test_the_classifier_stays_and_the_new_rows_count_as_training(
    shifted: ModelBundle, tmp_path: Path
) -> None:
    rows = coded_rows(80, 7)
    done = recalibrate(shifted, rows, tmp_path / "new")
    old, new = (read_manifest(bundle.folder)["files"] for bundle in (shifted, done.bundle))
    assert {n: h for n, h in old.items() if n.startswith("classifier/")} == {
        n: h for n, h in new.items() if n.startswith("classifier/")
    }
    assert done.bundle.bundle_hash != shifted.bundle_hash
    assert find_learnt(done.bundle, list(rows.table["text"])).all()
    assert not find_learnt(shifted, list(rows.table["text"])).any()
    assert done.bundle.manifest["recalibrated"]["from"] == shifted.model_id
    assert "recalibrated from" in (done.bundle.folder / "model_card.md").read_text(encoding="utf-8")


def test_rows_that_the_model_has_learnt_from_are_left_out(shifted: ModelBundle, tmp_path: Path) -> None:
    known, new = coded_rows(2000, 2).subset(np.arange(50)), coded_rows(80, 8)
    texts = [*known.table["text"], *new.table["text"]]
    both = labelled(texts, [*known.table["labels"], *new.table["labels"]])
    done = recalibrate(shifted, both, tmp_path / "new")
    assert done.report.n == 80
    assert "50 of 130 texts were left out: the model has learnt from them" in done.notes
    with pytest.raises(
        DataError,
        match=r"every one of its 50 texts stands in the training data of the model; .* it has not seen",
    ):
        recalibrate(shifted, known, tmp_path / "none")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (coded_rows(29, 5), "29 clusters of texts .* at least 30 are needed"),
        (labelled([f"text number n{i}" for i in range(40)], [()] * 40), "no row carries a frame"),
    ],
)
def test_too_little_to_learn_from_is_refused(
    shifted: ModelBundle, rows: LabelledData, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        recalibrate(shifted, rows, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_existing_folder_is_left_alone(shifted: ModelBundle, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    with pytest.raises(ModelError, match="exists already"):
        recalibrate(shifted, coded_rows(60, 3), tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_a_single_label_model_gets_a_new_temperature(tmp_path: Path) -> None:
    def rows(n: int, seed: int) -> LabelledData:
        generator = np.random.default_rng(seed)
        labels = [FRAMES[int(k)] for k in generator.integers(0, 3, n)]
        texts = [
            " ".join(
                [
                    f"n{seed}x{i}",
                    *generator.choice(WORDS[frame if generator.random() < 0.8 else FRAMES[0]], 2),
                ]
            )
            for i, frame in enumerate(labels)
        ]
        return labelled(texts, [(frame,) for frame in labels])

    first = rows(200, 1)
    model = TfidfBaseline(TfidfSettings(min_df=1, c_grid=(300.0,)), FRAMES, single_label=True)
    model.fit(first, None, each_its_own_cluster(first), quiet_context(tmp_path))
    folder = save_bundle(
        tmp_path / "sure",
        name="sure",
        classifier=model,
        codebook=codebook(mode="single_label"),
        decisions=DecisionRule(identity_calibrator(3, single_label=True), np.zeros(3), single_label=True),
        config={},
        metrics={},
        provenance={},
        arrays=digests_of(first),
    )
    sure = load_bundle(folder)
    done = recalibrate(sure, rows(150, 2), tmp_path / "new")
    assert log_loss(done.bundle, rows(500, 3)) < log_loss(sure, rows(500, 3))


def test_the_command_prints_both_rules_and_registers(
    shifted: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = coded_rows(80, 12).table
    lines = [
        json.dumps({"text": text, "labels": list(labels)})
        for text, labels in zip(table["text"], table["labels"], strict=True)
    ]
    Path("coder.jsonl").write_text("\n".join(lines), encoding="utf-8")
    command = ["recalibrate", str(shifted.folder), "coder.jsonl", "-o"]
    shown = CliRunner().invoke(app, [*command, "first"])
    assert shown.exit_code == 0, shown.output
    assert all(
        word in shown.stdout for word in (*FRAMES, "the rule before", "found now", "recalibrated from")
    )
    printed = CliRunner().invoke(app, [*command, "second", "--register-as", "toy", "--json"])
    assert printed.exit_code == 0, printed.output
    outcome = json.loads(printed.stdout)
    assert (outcome["registered"], outcome["version"]) == ("toy", 1)
    assert load_bundle(tmp_path / "second").bundle_hash == load_bundle(tmp_path / "first").bundle_hash
    models = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    assert outcome["bundle_hash"] in json.dumps(models)
