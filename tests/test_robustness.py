"""Attacks on texts are as stated and repeatable; the report says what they cost, with and without normalisation."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from builders import (
    FRAMES,
    codebook,
    each_its_own_cluster,
    quiet_context,
    save_plain_bundle,
    toy_rows,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.classifiers.build import build_classifier
from pipeline.cli import app
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.model import TfidfSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.text_attacks import ATTACKS, attack_text
from pipeline.data.text.text_normalisation import normalise_text
from pipeline.errors import ConfigError, DataError
from pipeline.evaluation.leakage import text_digests
from pipeline.evaluation.robustness_check import (
    RobustnessReport,
    find_attacks,
    measure_robustness,
)
from pipeline.evaluation.test_fold import take_test_fold

SENTENCE = "The alliance threatens our borders again. Запад снова угрожает нашим границам, говорит министр."
QUICK = EvaluationSettings(bootstrap_samples=100)
TAKEN_BACK = [
    "look-alikes",
    "zero-width",
    "bidi-controls",
    "fancy-letters",
    "emoji-in-words",
    "emoji-between",
]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.sampled_from(list(ATTACKS)), st.integers(0, 9))
def test_the_same_seed_gives_the_same_text_and_no_rate_changes_nothing(
    text: str, attack: str, seed: int
) -> None:
    assert attack_text(text, attack, rate=1, seed=seed) == attack_text(text, attack, rate=1, seed=seed)
    assert attack_text(text, attack, rate=0, seed=seed) == text


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_changes_about_the_stated_share_of_words(attack: str) -> None:
    word = "Baseline" if attack != "lower-case" else "BASELINE"
    many = " ".join([word] * 2000).replace(" ", " . ")
    attacked = attack_text(many, attack, rate=0.25, seed=1).split(" . ")
    assert len(attacked) == 2000
    changed = np.mean([found != word for found in attacked])
    assert changed == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("attack", ATTACKS)
def test_seeds_draw_differently(attack: str) -> None:
    assert len({attack_text(SENTENCE, attack, rate=0.5, seed=seed) for seed in range(9)}) > 3


@pytest.mark.parametrize("attack", TAKEN_BACK)
def test_disguises_are_taken_back(attack: str) -> None:
    for seed in range(20):
        attacked = attack_text(SENTENCE, attack, rate=1, seed=seed)
        assert attacked != SENTENCE
        found = normalise_text(attacked)
        assert re.sub(" [^\\w\\s,.](?=[ ,.])", "", found) == SENTENCE, (
            attacked
        )  # emoji between words stay, apart


def make_bundle(folder: Path, *, normalise_text: bool) -> ModelBundle:
    data = toy_rows(90)
    model = build_classifier(
        TfidfSettings(min_df=1, c_grid=(10.0,)), FRAMES, single_label=False, normalise_text=normalise_text
    )
    model.fit(data, None, each_its_own_cluster(data), quiet_context(folder))
    arrays = {
        "training_texts": {"digests": text_digests(list(data.table["text"][:10]))},
        "test_predictions": {
            "ids": np.array([f"row-{i}" for i in range(0, 90, 3)]),
            "clusters": np.arange(30),
            **{name: np.zeros((30, len(FRAMES))) for name in ("truth", "calibrated", "decided")},
        },
    }
    return save_plain_bundle(folder / "bundle", "toy", model, codebook(), arrays=arrays)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    return make_bundle(tmp_path_factory.mktemp("model"), normalise_text=True)


@pytest.fixture(scope="module")
def unseen() -> LabelledData:
    return toy_rows(120, seed=7)


@pytest.fixture(scope="module")
def report(bundle: ModelBundle, unseen: LabelledData) -> RobustnessReport:
    return measure_robustness(bundle, unseen, list(ATTACKS), QUICK, rate=0.7, seed=3)


def test_disguises_cost_much_and_with_normalisation_nothing(report: RobustnessReport) -> None:
    of = {entry.attack: entry for entry in report.attacks}
    assert list(of) == list(ATTACKS)
    assert report.is_normalised
    for name in TAKEN_BACK[:-1]:  # the baseline hardly minds emoji between words
        assert (of[name].before.loss.value or 0) > 0.05, name
        assert of[name].before.flipped > 0.1, name
        assert of[name].after.loss.value == of[name].after.flipped == 0, name


def test_a_loss_is_the_clean_figure_less_that_under_attack(report: RobustnessReport) -> None:
    for entry in report.attacks:
        for name, figures in (("before", entry.before), ("after", entry.after)):
            assert figures.loss.value == pytest.approx(report.clean[name]["macro_f1"] - figures.macro_f1)
            assert figures.loss.low is not None
            assert figures.loss.high is not None
            assert figures.loss.low <= figures.loss.high
            assert 0 <= figures.mean_average_precision <= 1


def test_the_baseline_reads_capitals_as_small_letters(report: RobustnessReport) -> None:
    casing = [entry for entry in report.attacks if entry.attack.endswith("-case")]
    assert len(casing) == 3
    assert all(entry.before.flipped == entry.after.flipped == 0 for entry in casing)
    assert all(entry.changed > 0.9 for entry in casing if entry.attack != "lower-case")


def test_a_model_of_before_is_measured_both_ways_too(
    tmp_path: Path, bundle: ModelBundle, unseen: LabelledData
) -> None:
    old = make_bundle(tmp_path, normalise_text=False)
    assert old.bundle_hash != bundle.bundle_hash
    found = measure_robustness(old, unseen, ["zero-width"], QUICK)
    expected = measure_robustness(bundle, unseen, ["zero-width"], QUICK)
    assert not found.is_normalised
    assert found.attacks == expected.attacks  # clean training texts are the same, normalised or not


def test_training_texts_are_warned_of(bundle: ModelBundle) -> None:
    (warning,) = measure_robustness(bundle, toy_rows(90), ["zero-width"], QUICK).warnings
    assert warning.startswith("10 of 90 texts stand in this model's own training data")


def test_only_the_test_fold_is_taken_and_a_foreign_file_refused(
    bundle: ModelBundle, unseen: LabelledData
) -> None:
    fold = take_test_fold(bundle, unseen)
    assert list(fold.table["id"]) == [f"row-{i}" for i in range(0, 90, 3)]
    with pytest.raises(
        DataError, match=r"20 of the 30 rows of the test fold of toy@.* are not in it, for example"
    ):
        take_test_fold(bundle, unseen.subset(range(30)))


def test_an_unknown_attack_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="--attack 'magic': no such attack; there are: look-alikes, "):
        find_attacks(["magic"])


def test_the_command_prints_a_table_and_writes_what_json_prints(
    bundle: ModelBundle, unseen: LabelledData, tmp_path: Path
) -> None:
    labels, output = tmp_path / "labels.jsonl", tmp_path / "new" / "robustness.json"
    rows = unseen.table[["id", "text", "labels"]].to_dict("records")
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = ["robustness", str(bundle.folder), "--labels", str(labels), "--attack", "marks", "--seed", "5"]
    shown = CliRunner().invoke(app, [*command, "-o", str(output)])
    assert shown.exit_code == 0, shown.output
    assert "on 120 texts, 30% of their words attacked" in shown.output
    printed = CliRunner().invoke(app, [*command, "--json"])
    assert json.loads(printed.output) == json.loads(output.read_text(encoding="utf-8"))
    assert [entry["attack"] for entry in json.loads(printed.output)["attacks"]] == ["marks"]
