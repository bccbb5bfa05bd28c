import io
import itertools
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import FRAMES, codebook, toy_rows

from pipeline.config.data import DataSettings
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.model import TfidfSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import dump_codebook
from pipeline.data.labels.splits import Folds
from pipeline.errors import ConfigError
from pipeline.evaluation.learning_curve_record import LearningCurve
from pipeline.measures.intervals import Estimate
from pipeline.reporting.learning_curve_figure import learning_curve_figure
from pipeline.training.fit_model import read_folds
from pipeline.training.learning_curve import describe_gain, learning_curve, nested_parts


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("curve")
    (folder / "codebook.yaml").write_text(dump_codebook(codebook()), encoding="utf-8")
    rows = toy_rows(160, seed=5).table  # few enough that half of them err
    with (folder / "labelled.jsonl").open("w", encoding="utf-8") as stream:
        for i, (text, labels) in enumerate(zip(rows["text"], rows["labels"], strict=True)):
            # two sentences of each post: they must stay together in every part
            stream.write(json.dumps({"text": text, "labels": list(labels), "group": f"post {i // 2}"}) + "\n")
    return RunConfig(
        name="curve",
        data=DataSettings(codebook=str(folder / "codebook.yaml"), labelled=str(folder / "labelled.jsonl")),
        model=TfidfSettings(min_df=1, max_features=5000, c_grid=(10.0,), char_ngrams=None, inner_folds=2),
        evaluation=EvaluationSettings(bootstrap_samples=100),
        output=str(folder / "runs"),
    )


@pytest.fixture(scope="module")
def curve(config: RunConfig) -> LearningCurve:
    return learning_curve(config, (10, 40, 5000))


@pytest.fixture(scope="module")
def folds(config: RunConfig) -> Folds:
    return read_folds(config, codebook())


def test_quality_grows_with_sentences_up_to_all_there_are(curve: LearningCurve, folds: Folds) -> None:
    few, *_, half, everything = curve.points
    assert everything.size == len(folds.train) + len(folds.dev)
    assert few.macro_f1.value < everything.macro_f1.value
    assert everything.macro_f1.value > 0.8
    assert everything.macro_f1.low <= everything.macro_f1.value <= everything.macro_f1.high
    assert curve.n_test == len(folds.test)
    assert half.asked == everything.size // 2
    gain = curve.last_doubling
    assert gain.value == pytest.approx(everything.macro_f1.value - half.macro_f1.value)
    # no interval where every draw gives the same gain: one without width would claim too much
    assert gain.low is None or gain.low <= gain.value <= gain.high


def test_sizes_count_dev_and_reach_past_the_asked_by_less_than_a_post(curve: LearningCurve) -> None:
    for asked, point in zip((10, 40), curve.points, strict=False):
        assert point.size == point.n_train + point.n_dev
        assert asked <= point.size <= asked + 2  # one sentence more in train, one more in dev
        assert point.n_dev >= 1


def test_a_size_beyond_what_there_is_is_left_out_and_said(curve: LearningCurve) -> None:
    assert [point.asked for point in curve.points][:2] == [10, 40]
    assert len(curve.points) == 4  # half and all of what there is are always points
    assert any("left out: 5000" in note for note in curve.notes)


def test_parts_are_nested_keep_posts_whole_and_share_one_test_fold(folds: Folds) -> None:
    parts = nested_parts(folds, (100, 20, 50), seed=1)
    assert [len(p.train) + len(p.dev) for p in parts] == sorted(len(p.train) + len(p.dev) for p in parts)
    for smaller, larger in itertools.pairwise(parts):
        for fold in ("train", "dev"):
            assert set(getattr(smaller, fold).table["id"]) < set(getattr(larger, fold).table["id"])
    for part in parts:
        assert part.test is folds.test
        for fold in ("train", "dev"):
            groups = getattr(part, fold).table["group"].value_counts()
            assert set(groups) == {2}
            assert len(part.clusters[fold]) == len(getattr(part, fold))


def test_another_seed_draws_other_sentences_and_the_same_seed_the_same(folds: Folds) -> None:
    drawn = [set(nested_parts(folds, (30,), seed)[0].train.table["id"]) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_frame_without_examples_is_named(config: RunConfig, folds: Folds) -> None:
    def absent(seed: int) -> tuple[str, ...]:
        part = nested_parts(folds, (10,), seed)[0]
        drawn = {label for fold in (part.train, part.dev) for row in fold.table["labels"] for label in row}
        return tuple(frame for frame in FRAMES if frame not in drawn)

    lacking = next(seed for seed in range(1000) if absent(seed))
    curve = learning_curve(config.model_copy(update={"seed": lacking}), (10,))
    assert curve.points[0].absent_frames == absent(lacking)
    assert curve.points[-1].absent_frames == ()


def test_too_few_sentences_are_refused(config: RunConfig) -> None:
    with pytest.raises(ConfigError, match="expected 10 sentences or more, got 3"):
        learning_curve(config, (3, 50))


def test_nothing_of_the_training_is_left_behind(config: RunConfig, curve: LearningCurve) -> None:
    assert curve.points
    assert not [path for path in Path(config.output).rglob("*") if path.is_file()]


def test_figure_shows_every_point_and_marks_sizes_without_examples(curve: LearningCurve) -> None:
    lacking = replace(curve.points[0], absent_frames=("order",), macro_f1=Estimate(None))
    for shown in (curve, replace(curve, name="a $ and $", points=(lacking, *curve.points[1:]))):
        figure = learning_curve_figure(shown)
        axes = figure.axes[0]
        drawn = axes.get_lines()[0].get_xdata()
        assert np.array_equal(drawn, [point.size for point in shown.points])
        named = [text.get_text() for text in axes.get_legend().get_texts()]
        assert ("some frames have no example" in named) == any(p.absent_frames for p in shown.points)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        assert buffer.getvalue().startswith(b"\x89PNG")


def test_json_is_plain(curve: LearningCurve) -> None:
    raw = json.loads(json.dumps(curve.to_json()))
    assert [point["size"] for point in raw["points"]] == [point.size for point in curve.points]
    assert raw["points"][-1]["macro_f1"]["value"] == curve.points[-1].macro_f1.value


def test_repeats_draw_other_sentences_and_their_range_is_told(config: RunConfig) -> None:
    curve = learning_curve(config, (20,), repeats=3)
    few, half, everything = curve.sizes
    assert (few.draws, half.draws, everything.draws) == (3, 3, 1)
    drawn = [point.macro_f1.value for point in curve.points if point.asked == 20]
    assert (few.macro_f1.low, few.macro_f1.high) == (min(drawn), max(drawn))
    assert few.macro_f1.value == pytest.approx(sum(drawn) / 3)
    halves = [point.macro_f1.value for point in curve.points if point.asked == everything.size // 2]
    assert curve.half == half
    assert curve.last_doubling.value == pytest.approx(everything.macro_f1.value - sum(halves) / 3)
    assert len(curve.to_table()) == 7
    axes = learning_curve_figure(curve).axes[0]
    assert "range of 3 draws" in [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (Estimate(0.05, 0.01, 0.09), "this is no promise"),
        (Estimate(0.05, -0.01, 0.09), "cannot be told"),
        (Estimate(-0.05, -0.09, -0.01), "nothing here says"),
        (Estimate(0.05), "nothing follows"),
        (None, "too few"),
    ],
)
def test_the_outlook_says_no_more_than_the_interval(gain: Estimate | None, said: str) -> None:
    assert said in describe_gain(gain, 100, 200, 0.95)


def test_the_command_prints_writes_and_records(config: RunConfig, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(json.dumps(config.model_dump(mode="json")), encoding="utf-8")  # JSON is YAML
    store = tmp_path / "store.db"
    arguments = ["--sizes", "20,60", "--repeats", "2", "--format", "svg", "-o", "curve", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "learning-curve", str(file), *arguments],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{store}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["measured_on"] == "test"
    assert "choose them with frames sweep" in said["notes"][0]
    assert (tmp_path / "curve" / "learning_curve.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert len((tmp_path / "curve" / "learning_curve.csv").read_text(encoding="utf-8").splitlines()) == 8
    with sqlite3.connect(store) as database:
        steps = database.execute("select step from metrics where key = 'macro_f1' order by step").fetchall()
    assert [step for (step,) in steps] == [summary["size"] for summary in said["sizes"]]
