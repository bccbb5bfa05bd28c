"""Gate and cascade: what is dismissed, how many carriers that misses, and that it is said."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from builders import FRAMES, each_its_own_cluster, quiet_context, toy_rows, write_tiny_encoder
from scipy.stats import norm

from pipeline.classifiers.build import load_classifier
from pipeline.classifiers.cascade import Cascade
from pipeline.classifiers.gate import bound_miss_rate, carrying_scores, choose_gate
from pipeline.classifiers.protocols import FitSummary
from pipeline.config.model import CascadeSettings, TfidfSettings, TransformerSettings
from pipeline.errors import ConfigError, ModelError


def test_the_probability_of_any_frame() -> None:
    """Of .5 and .2, taken as independent: 1 - .5 * .8 = .6."""
    np.testing.assert_allclose(carrying_scores(np.array([[0.5, 0.2], [0.0, 0.0], [1.0, 0.3]])), [0.6, 0, 1])


def test_bounds_of_none_missed_and_of_clustered_misses() -> None:
    """None of n: 1 - .05 ** (1 / n), so 1 - .05 ** .01 = .0295 of 100; twice the design effect halves n."""
    assert bound_miss_rate(0, 100) == pytest.approx(0.0295, abs=5e-5)
    assert bound_miss_rate(0, 100, 2.0) == pytest.approx(bound_miss_rate(0, 50))
    assert bound_miss_rate(3, 100) > bound_miss_rate(3, 200) > 3 / 200
    assert bound_miss_rate(0, 0) == bound_miss_rate(5, 5) == 1.0


def test_the_gate_lies_where_the_bound_still_holds() -> None:
    """Of 400 carriers with scores 1 to 400, 1 % is kept with 0 missed (.0075) but not with 1 (.0118)."""
    scores = np.append(np.arange(1, 401), np.zeros(100)).astype(float)
    truth = np.append(np.ones(400), np.zeros(100)).astype(np.int8)[:, None]
    gate = choose_gate(scores, truth, np.arange(500), 0.01)
    assert (gate.threshold, gate.missed, gate.carriers) == (1.0, 0, 400)
    assert gate.dismissed_share == pytest.approx(0.2)
    wider = choose_gate(scores, truth, np.arange(500), 0.02)
    assert wider.missed == 3  # .0193 with three, .0228 with four
    assert wider.miss_bound <= 0.02 < bound_miss_rate(4, 400)


def test_too_few_carriers_dismiss_nothing() -> None:
    scores, truth = np.linspace(0, 1, 100), np.ones((100, 1), np.int8)
    gate = choose_gate(scores, truth, np.arange(100), 0.01)
    assert (gate.threshold, gate.dismissed_share) == (0.0, 0.0)
    assert gate.miss_bound == pytest.approx(0.0295, abs=5e-5)


def test_copies_say_nothing_new() -> None:
    generator = np.random.default_rng(1)
    scores = generator.random(300)
    truth = np.ones((300, 1), np.int8)
    alone = choose_gate(scores, truth, np.arange(300), 0.05)
    copied = choose_gate(np.repeat(scores, 4), np.repeat(truth, 4, axis=0), np.arange(300).repeat(4), 0.05)
    assert alone.design_effect == pytest.approx(1.0, abs=0.01)
    assert copied.design_effect == pytest.approx(4.0, rel=0.02)
    assert copied.threshold == pytest.approx(alone.threshold, abs=0.01)
    counted_as_new = choose_gate(np.repeat(scores, 4), np.repeat(truth, 4, axis=0), np.arange(1200), 0.05)
    assert counted_as_new.threshold > copied.threshold


def test_the_miss_rate_is_kept_in_nineteen_of_twenty_draws() -> None:
    """Carriers score normally around 2, others around 0, so the true miss rate of a gate t is Phi(t - 2)."""
    generator = np.random.default_rng(2)
    broken = 0
    for _ in range(300):
        carries = generator.random(500) < 0.5
        scores = generator.normal(0, 1, 500) + 2 * carries
        gate = choose_gate(scores, carries[:, None], np.arange(500), 0.05)
        broken += bool(norm.cdf(gate.threshold - 2) > 0.05)
    assert broken / 300 < 0.08  # .05 and two standard errors


@dataclass
class Fitted:
    model: Cascade
    summary: FitSummary


def settings_of(encoder: Path, max_miss_rate: float) -> CascadeSettings:
    second = TransformerSettings(
        encoder=str(encoder),
        epochs=2,
        tokens_per_batch=256,
        max_tokens=32,
        inner_folds=2,
        device="cpu",
        learning_rate=3e-3,
        freeze_embeddings=False,
    )
    tfidf = TfidfSettings(c_grid=(10.0,), min_df=1)
    return CascadeSettings(tfidf=tfidf, second=second, max_miss_rate=max_miss_rate)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def fitted(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    model = Cascade(settings_of(encoder, 0.1), FRAMES, single_label=False)
    rows = toy_rows(120)
    summary = model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path_factory.mktemp("w")))
    return Fitted(model, summary)


@pytest.fixture(scope="module")
def saved(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cascade")
    fitted.model.save(folder)
    return folder


def test_dismissed_texts_keep_the_baseline_and_the_others_get_the_second_stage(fitted: Fitted) -> None:
    texts = list(toy_rows(60, seed=5).table["text"])
    first, second = (fitted.model._read(name, texts) for name in ("tfidf", "second"))
    passes = carrying_scores(first) >= fitted.model.threshold
    assert 0 < passes.sum() < len(texts)
    expected = np.where(passes[:, None], second, first)
    found = fitted.model.predict_proba(texts)
    np.testing.assert_allclose(found, expected, atol=0.02)  # 8-bit products depend a little on the batch
    np.testing.assert_array_equal(found[~passes], first[~passes].astype(np.float32))


def test_figures_and_notes_say_what_the_gate_costs_and_saves(fitted: Fitted) -> None:
    figures = fitted.summary.figures
    assert 0.1 < figures["gate_dismissed_share"] < 0.5
    assert figures["gate_miss_bound"] <= 0.1
    assert figures["gate_expected_speed_up"] > 0
    rows = toy_rows(120)
    assert figures["gate_carriers"] == rows.indicator().any(axis=1).sum()
    note = fitted.summary.notes[-1]
    assert f"{figures['gate_dismissed_share']:.1%} of the training texts" in note
    assert f"upper bound {figures['gate_miss_bound']:.2%} of 10.0% allowed" in note
    assert fitted.summary.out_of_fold is not None
    assert fitted.summary.out_of_fold.shape == (120, 3)


def test_a_gate_that_cannot_open_says_so_and_the_second_stage_reads_all(
    encoder: Path, tmp_path: Path
) -> None:
    model = Cascade(settings_of(encoder, 0.001), FRAMES, single_label=False)
    rows = toy_rows(40)
    summary = model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))
    assert summary.figures["gate_dismissed_share"] == 0
    assert "can dismiss no text with a miss rate of at most 0.1%" in summary.notes[-1]
    assert "read by the second stage, as with model.kind: transformer" in summary.notes[-1]
    texts = list(rows.table["text"])
    np.testing.assert_allclose(model.predict_proba(texts), model._read("second", texts), atol=1e-6)


def test_saved_and_read_again_it_scores_the_same(fitted: Fitted, saved: Path) -> None:
    texts = [*toy_rows(30, seed=5).table["text"], "", "\0", "x" * 5000]
    again = load_classifier("cascade", saved)
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.model.predict_proba(texts))
    assert again.predict_proba([]).shape == (0, 3)
    assert again.labels == FRAMES
    assert not [path for path in saved.rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib"}]


def test_only_what_the_second_stage_reads_is_called_cut(fitted: Fitted) -> None:
    dismissed, read = "the weather today " * 400, "missile border army shells " * 400
    assert fitted.model.find_cut([dismissed, read, "the weather"]).tolist() == [False, True, False]


def test_it_scores_without_torch(saved: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.classifiers.build import load_classifier;"
        "print(load_classifier('cascade', Path(sys.argv[1])).predict_proba(['missile border']).shape);"
        "assert 'torch' not in sys.modules"
    )
    ended = subprocess.run([sys.executable, "-c", code, saved], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "(1, 3)"


@pytest.mark.parametrize(
    "change", [{"threshold": None}, {"calibrators": {}}, {"settings": {"kind": "blend"}}]
)
def test_damaged_files_are_refused(fitted: Fitted, tmp_path: Path, change: dict[str, object]) -> None:
    fitted.model.save(tmp_path)
    described = json.loads((tmp_path / "classifier.json").read_text(encoding="utf-8"))
    (tmp_path / "classifier.json").write_text(json.dumps({**described, **change}), encoding="utf-8")
    with pytest.raises(ModelError, match="not a readable cascade"):
        load_classifier("cascade", tmp_path)


def test_a_single_label_codebook_is_refused(encoder: Path, tmp_path: Path) -> None:
    rows = toy_rows(30, single_label=True)
    model = Cascade(settings_of(encoder, 0.1), FRAMES, single_label=True)
    with pytest.raises(ConfigError, match=r"every text has one: use model\.kind: transformer"):
        model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))


def test_without_a_fit_it_predicts_nothing(encoder: Path) -> None:
    with pytest.raises(ModelError, match="neither fitted nor loaded"):
        Cascade(settings_of(encoder, 0.1), FRAMES, single_label=False).predict_proba(["a"])
