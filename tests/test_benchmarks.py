import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders import FRAMES, labelled, toy_rows, write_tiny_encoder
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from pipeline.benchmarks import baseline_speed, quality
from pipeline.benchmarks.few_labels import draw_rows
from pipeline.benchmarks.labelled_sets import find_sets, prepare_set
from pipeline.benchmarks.linear_rivals import LinearRival, word_tfidf
from pipeline.benchmarks.methods import METHODS, OURS, RIVALS, check_methods, our_config
from pipeline.benchmarks.peak_memory import peak_memory_bytes
from pipeline.benchmarks.quality import run_quality
from pipeline.benchmarks.rivals import best_thresholds, decide, macro_f1
from pipeline.benchmarks.scoring_scale import measure, measure_apart, write_posts
from pipeline.benchmarks.stock_rival import StockTrainer
from pipeline.benchmarks.synthetic_posts import make_posts
from pipeline.bundle import ModelBundle
from pipeline.config.data import DataSettings, FoldSettings
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import make_folds
from pipeline.errors import ConfigError, DataError, MissingExtraError


def write_rows(path: Path, rows: LabelledData, prefix: str) -> None:
    lines = [
        json.dumps({"id": f"{prefix}-{row_id}", "text": text, "labels": list(labels)}, ensure_ascii=False)
        for row_id, text, labels in zip(
            rows.table["id"], rows.table["text"], rows.table["labels"], strict=True
        )
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_set(folder: Path, *, single_label: bool = False) -> Path:
    folder.mkdir(parents=True)
    write_rows(folder / "train.jsonl", toy_rows(90, seed=1, single_label=single_label), "train")
    write_rows(folder / "test.jsonl", toy_rows(45, seed=2, single_label=single_label), "test")
    return folder


@pytest.fixture(scope="module")
def sets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    write_set(folder / "several")
    write_set(folder / "one", single_label=True)
    (folder / "not a set").mkdir()
    return folder


@pytest.fixture(scope="module")
def command(sets_folder: Path) -> SimpleNamespace:
    """The whole command on one tiny set: its exit status, what it printed, and the JSON it wrote."""
    import typer  # noqa: PLC0415 - only here

    app = typer.Typer()
    app.command()(quality.main)
    output = sets_folder.parent / "deeper" / "results.json"
    arguments = [
        str(sets_folder),
        "--sets",
        "several",
        "--methods",
        "tfidf,tfidf_lr",
        "--output",
        str(output),
    ]
    result = CliRunner().invoke(app, arguments)
    return SimpleNamespace(
        exit_code=result.exit_code, text=result.output, results=json.loads(output.read_text(encoding="utf-8"))
    )


def test_the_command_prints_figures_and_differences(command: SimpleNamespace) -> None:
    assert command.exit_code == 0, command.text
    for expected in ("several: quality on test", "macro-F1", "peak MB", "tfidf - tfidf_lr", "not corrected"):
        assert expected in command.text


def test_the_json_holds_quality_cost_and_paired_differences(command: SimpleNamespace) -> None:
    found = command.results["sets"]["several"]
    assert found["single_label"] is False
    for method in ("tfidf", "tfidf_lr"):
        figures = found["methods"][method]
        assert figures["n"] == 45
        assert 0.5 < figures["macro_f1"] <= 1
        assert figures["intervals"]["macro_f1"]["low"] <= figures["macro_f1"]
        assert figures["train_seconds"] > 0
        assert figures["train_sentences_per_second"] == pytest.approx(
            figures["n_train"] / figures["train_seconds"]
        )
        assert figures["peak_memory_bytes"] > 20e6
    gain = found["gain_over"]["tfidf"]["tfidf_lr"]["macro_f1"]
    assert gain["second"] == found["methods"]["tfidf"]["macro_f1"]
    assert gain["first"] == found["methods"]["tfidf_lr"]["macro_f1"]
    assert gain["gain"]["value"] == pytest.approx(gain["second"] - gain["first"])
    assert command.results["rivals"] == {"tfidf_lr": RIVALS["tfidf_lr"]}


def test_ours_and_rivals_are_given_the_same_rows(command: SimpleNamespace) -> None:
    given = {figures["n_train"] for figures in command.results["sets"]["several"]["methods"].values()}
    assert len(given) == 1
    assert given.pop() <= 90


def test_a_method_that_fails_is_reported_and_the_others_go_on(sets_folder: Path, tmp_path: Path) -> None:
    broken = write_set(tmp_path / "broken")
    (broken / "test.jsonl").write_text(
        '{"id": "a", "text": "b", "labels": ["unheard-of"]}\n', encoding="utf-8"
    )
    seen: list[tuple[str, str]] = []
    results = run_quality(
        [broken, sets_folder / "one"],
        ["tfidf_lr"],
        tmp_path / "work",
        on_start=lambda name, method: seen.append((name, method)),
    )
    assert seen == [("broken", "tfidf_lr"), ("one", "tfidf_lr")]
    failed, whole = (result.methods[0] for result in results)
    assert failed.report is None
    assert "unheard-of" in str(failed.failure)
    assert results[1].single_label
    assert whole.report is not None
    assert whole.report.n == 45


def test_unknown_names_are_refused_before_anything_runs(sets_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no method named 'guess'"):
        check_methods(["tfidf", "guess"])
    with pytest.raises(DataError, match="no set named three; there are: one, several"):
        find_sets(sets_folder, ["three"])
    with pytest.raises(DataError, match="no set here"):
        find_sets(tmp_path)


def test_a_missing_optional_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    check_methods(["tfidf", "stock"])
    with pytest.raises(MissingExtraError, match=r"narrative-frames\[bench\]"):
        check_methods(["tfidf", "setfit"])


def test_a_limit_draws_rows_but_keeps_all_labels(sets_folder: Path, tmp_path: Path) -> None:
    drawn = [prepare_set(sets_folder / "several", tmp_path / str(i), limit=20, seed=7) for i in range(2)]
    lines = [prepared.train.read_text(encoding="utf-8").splitlines() for prepared in drawn]
    assert len(lines[0]) == 20
    assert lines[0] == lines[1]
    whole = (sets_folder / "several" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert set(lines[0]) < set(whole)
    assert load_codebook(drawn[0].codebook).frame_ids == tuple(sorted(FRAMES))


@pytest.mark.parametrize(("name", "mode"), [("several", "multi_label"), ("one", "single_label")])
def test_the_mode_is_read_off_the_labels(sets_folder: Path, tmp_path: Path, name: str, mode: str) -> None:
    prepared = prepare_set(sets_folder / name, tmp_path / name, limit=None, seed=0)
    assert load_codebook(prepared.codebook).mode == mode
    assert prepared.single_label == (mode == "single_label")


@pytest.mark.parametrize("method", OURS)
def test_ours_run_with_the_shipped_defaults(tmp_path: Path, method: str) -> None:
    data = DataSettings(codebook="c.yaml", train="train.jsonl", test="test.jsonl")
    benched = our_config(method, data, output=tmp_path, seed=42)
    for name in ("c.yaml", "train.jsonl", "test.jsonl"):
        (tmp_path / name).touch()
    written = tmp_path / "run.yaml"
    written.write_text(
        f"name: mine\ndata: {{codebook: c.yaml, train: train.jsonl, test: test.jsonl}}\nmodel: {{kind: {method}}}\n",
        encoding="utf-8",
    )
    shipped = load_run_config(written)
    assert benched.model == shipped.model
    assert (benched.folds, benched.seed, benched.evaluation) == (
        shipped.folds,
        shipped.seed,
        shipped.evaluation,
    )
    assert benched.decisions.model_copy(update={"rare_frames": "error"}) == shipped.decisions
    assert method in METHODS


def test_best_thresholds_are_those_that_trying_all_finds() -> None:
    generator = np.random.default_rng(0)
    scores = generator.random((60, 3)).round(2)  # with ties
    truth = (generator.random((60, 3)) < scores).astype(int)
    truth[:, 2] = 0
    found = best_thresholds(truth, scores)
    for k in range(2):
        tried = max(f1_score(truth[:, k], scores[:, k] >= t) for t in np.unique(scores[:, k]))
        assert f1_score(truth[:, k], scores[:, k] >= found[k]) == pytest.approx(tried)
    assert found[2] == 0.5


def test_decisions_of_both_modes() -> None:
    scores = np.array([[0.2, 0.7], [0.6, 0.5]])
    assert decide(scores, np.array([0.1, 0.8]), single_label=False).tolist() == [[True, False], [True, False]]
    assert decide(scores, single_label=True).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("single_label", [False, True])
def test_the_linear_rival_learns_and_gives_a_column_to_an_absent_frame(single_label: bool) -> None:
    rows = toy_rows(150, seed=4, single_label=single_label)
    absent = FRAMES[2]
    kept = [(t, c) for t, c in zip(rows.table["text"], rows.table["labels"], strict=True) if absent not in c]
    without = labelled([text for text, _ in kept], [carried for _, carried in kept])
    rival = LinearRival(word_tfidf, single_label=single_label, seed=0)
    folds = make_folds(without, FoldSettings(method="cluster"))
    notes = rival.fit(folds)
    probabilities, decided = rival.predict(list(folds.test.table["text"]))
    assert probabilities.shape == decided.shape == (len(folds.test), 3)
    assert probabilities[:, 2].max() == 0
    assert macro_f1(folds.test.indicator()[:, :2], decided[:, :2]) > 0.8
    assert "C = " in notes[0]


def test_the_stock_rival_trains_in_the_precision_asked_for(tmp_path: Path) -> None:
    encoder = write_tiny_encoder(tmp_path / "encoder")
    folds = make_folds(toy_rows(120, seed=4, single_label=True), FoldSettings(method="cluster"))
    found = {}
    for bf16 in (False, True):
        rival = StockTrainer(encoder, single_label=True, tuned=False, seed=0, work=tmp_path, bf16=bf16)
        rival.fit(folds)
        found[bf16], decided = rival.predict(list(folds.test.table["text"]))
        assert decided.sum(axis=1).tolist() == [1] * len(folds.test)
        assert found[bf16].sum(axis=1) == pytest.approx(1, abs=1e-6)
    difference = np.abs(found[True] - found[False]).max()
    assert 0 < difference < 0.02  # other roundings, and no other training


def test_peak_memory_covers_what_this_process_has_held() -> None:
    block: Any = np.ones(200_000_000 // 8)
    assert block.sum() > 0
    del block
    assert peak_memory_bytes() >= 200_000_000


def test_the_baseline_is_measured_beside_the_same_model(capsys: pytest.CaptureFixture[str]) -> None:
    baseline_speed.main(posts=10, rounds=1)
    shown = capsys.readouterr().out
    assert "plain scikit-learn" in shown
    assert float(shown.split("largest difference of a probability:")[1]) < 1e-5


def test_scoring_is_measured_for_each_number_of_posts(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    write_posts(tmp_path / "posts.parquet", 25, seed=0)
    cost = measure(tiny_bundle.folder, tmp_path / "posts.parquet", tmp_path / "scores")
    assert (cost.posts, cost.sentences > 25) == (25, True)
    assert cost.peak_memory_bytes > 10 * 2**20
    again = measure_apart(tiny_bundle.folder, 25, seed=0)
    assert (again.posts, again.sentences) == (cost.posts, cost.sentences)


def test_synthetic_posts_have_rare_words_that_never_cease() -> None:
    def count_words(n_posts: int, share: float) -> int:
        return len(
            {word for post in make_posts(n_posts, 0, rare_words=share) for word in post.lower().split()}
        )

    assert count_words(600, 0.05) > 1.25 * count_words(300, 0.05)
    assert count_words(600, 0.0) < 1.1 * count_words(300, 0.0)


@given(
    st.lists(st.sets(st.sampled_from("abc")), min_size=1, max_size=60), st.integers(1, 12), st.integers(0, 9)
)
def test_few_labels_give_each_frame_as_many_positives_as_asked_where_it_has_them(
    labels: list[set[str]], positives: int, seed: int
) -> None:
    rows = [{"id": i, "labels": sorted(carried)} for i, carried in enumerate(labels)]
    drawn = draw_rows(rows, positives, seed)
    assert [row["id"] for row in drawn] == sorted({row["id"] for row in drawn})
    for frame in "abc":
        has = sum(frame in carried for carried in labels)
        assert sum(frame in row["labels"] for row in drawn) >= min(positives, has)
    assert draw_rows(rows, len(rows), seed) == rows or not any(labels)
