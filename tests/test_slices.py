from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import labelled
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.evaluation.calibration_quality import measure_calibration
from pipeline.evaluation.row_facts import RowFacts, TrainingFacts
from pipeline.evaluation.slice_masks import AFTER, SEEN, UNKNOWN, UNSEEN, WITHIN, slice_rows
from pipeline.evaluation.slices import MINIMUM_ROWS, Slice, SliceReport, compare_slices, evaluate_slices
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures.metrics import count_decisions, total

SETTINGS = EvaluationSettings(bootstrap_samples=200)
NOWHERE = TrainingFacts(np.array([], str), np.datetime64("NaT", "D"))


def facts(sources: list[str], **changes: Any) -> RowFacts:
    n = len(sources)
    plain: dict[str, Any] = {
        "sources": np.array(sources, str),
        "langs": np.full(n, "en"),
        "days": np.full(n, np.datetime64("2024-03-05", "D")),
        "lengths": np.full(n, 100),
        "posts": np.ones(n, int),
    }
    return RowFacts(**{**plain, **changes})


def predictions(
    truth: NDArray[Any], decided: NDArray[Any], known: RowFacts | None, clusters: NDArray[Any] | None = None
) -> TestPredictions:
    n = len(truth)
    return TestPredictions(
        ids=np.array([f"row {i}" for i in range(n)]),
        clusters=np.arange(n) if clusters is None else clusters,
        truth=truth.astype(np.int8),
        calibrated=decided.astype(float),
        decided=decided.astype(bool),
        facts=known,
    )


def judge(
    rows: TestPredictions,
    chosen: EvaluationSettings = SETTINGS,
    training: TrainingFacts | None = NOWHERE,
) -> SliceReport:
    names = tuple(f"frame {k}" for k in range(rows.truth.shape[1]))
    return evaluate_slices(rows, training, chosen, frame_ids=names)


def find(entries: tuple[Slice, ...], dimension: str, value: str) -> Slice:
    (entry,) = [entry for entry in entries if (entry.dimension, entry.value) == (dimension, value)]
    return entry


def test_a_slice_has_the_figures_of_its_rows_alone_and_the_worst_comes_first() -> None:
    """30 rows of "good" are decided right; of "bad", the first frame is always missed and the second always found.

    Both frames have 15 positives in each channel: macro-F1 of "bad" is (0 + 1) / 2, micro-F1 is 2*15 / (2*15 + 15).
    """
    one = np.tile([[1, 0], [0, 1]], (15, 1))
    truth = np.concatenate([one, one])
    decided = truth.copy()
    decided[30:, 0] = 0
    report = judge(predictions(truth, decided, facts(["good"] * 30 + ["bad"] * 30)))
    worst = report.worst(1)[0]
    assert (worst.dimension, worst.value, worst.n, worst.n_clusters, worst.positives) == (
        "channel",
        "bad",
        30,
        30,
        30,
    )
    assert (worst.frames, worst.macro_f1.value, worst.gap.value) == (("frame 0", "frame 1"), 0.5, -0.5)
    assert worst.overall == pytest.approx(
        (2 / 3 + 1) / 2
    )  # of the first frame half is found, all of the second
    assert worst.micro_f1.value == pytest.approx(30 / 45)
    assert worst.gap.high is not None
    assert worst.gap.high < 0
    good = find(report.slices, "channel", "good")
    assert (good.macro_f1.value, good.gap.value) == (1.0, 0.5)
    whole = find(report.slices, "language", "en")
    assert whole.gap.value is None  # there are no other rows
    assert whole.macro_f1.value == pytest.approx(float(total(count_decisions(truth, decided)).macro_f1))


def test_a_rare_frame_of_a_slice_does_not_enter_its_macro_f1() -> None:
    truth = np.zeros((60, 2), int)
    truth[:20, 0] = truth[30:50, 0] = 1
    truth[:4, 1] = truth[30:50, 1] = 1  # four positives in the first channel, all missed there
    decided = truth.copy()
    decided[:4, 1] = 0
    report = judge(predictions(truth, decided, facts(["a"] * 30 + ["b"] * 30)))
    first = find(report.slices, "channel", "a")
    assert (first.frames, first.macro_f1.value, first.gap.value) == (("frame 0",), 1.0, 0.0)
    assert first.overall == 1.0  # of the same frame, and not of both
    assert len(find(report.slices, "channel", "b").frames) == 2
    assert (first.micro_f1.value or 0) < 1


@pytest.mark.parametrize(
    ("n", "clusters", "positives", "reason"),
    [
        (MINIMUM_ROWS - 1, 19, 19, "too few texts: 19 of at least 20"),
        (MINIMUM_ROWS, 4, 20, "too few clusters of copies: 4 of at least 5"),
        (MINIMUM_ROWS, 20, 4, "too few positives: no frame has them in 5 clusters of copies"),
    ],
)
def test_a_slice_with_too_few_rows_says_so_in_place_of_a_number(
    n: int, clusters: int, positives: int, reason: str
) -> None:
    truth = np.zeros((n + 40, 1), int)
    truth[:positives] = truth[-20:] = 1
    own = np.concatenate([np.arange(n) % clusters, 100 + np.arange(40)])
    report = judge(predictions(truth, truth, facts(["few"] * n + ["many"] * 40), own))
    few = find(report.slices, "channel", "few")
    assert few.too_few == reason
    assert (few.macro_f1.value, few.micro_f1.value, few.gap.value) == (None, None, None)
    assert few == report.slices[-1]
    assert few not in report.worst(100)
    assert few.to_json()["macro_f1"] == {"value": None, "low": None, "high": None}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_slices_of_a_dimension_share_out_the_rows_and_two_halves_have_opposite_gaps(
    seed: int, n_channels: int
) -> None:
    generator = np.random.default_rng(seed)
    n = 120
    truth = (generator.random((n, 3)) < 0.4).astype(int)
    decided = np.where(generator.random((n, 3)) < 0.2, 1 - truth, truth)
    known = facts(
        [f"channel {i}" for i in generator.integers(0, n_channels, n)],
        lengths=generator.integers(1, 400, n),
        posts=generator.integers(1, 3, n),
    )
    entries = judge(
        predictions(truth, decided, known, generator.integers(0, 60, n)),
        EvaluationSettings(bootstrap_samples=100),
    )
    for dimension in ("channel", "language", "month", "length", "forwarded"):
        assert sum(entry.n for entry in entries.of(dimension)) == n
        assert sum(entry.positives for entry in entries.of(dimension)) == truth.sum()
    one, other = entries.of("forwarded")
    assert one.gap.value == pytest.approx(-(other.gap.value or 0))
    assert one.gap.low == pytest.approx(-(other.gap.high or 0))
    for entry in entries.slices:
        if entry.macro_f1.low is not None and entry.macro_f1.high is not None:
            assert 0 <= entry.macro_f1.low <= entry.macro_f1.high <= 1


def test_unseen_channels_and_later_months_stand_beside_what_training_knew() -> None:
    days = np.array(["2024-02-29", "2024-03-31", "2024-04-01", "NaT"], "datetime64[D]")
    known = facts(["old", "new", "", "old"], days=days)
    training = TrainingFacts(np.array(["old"]), np.datetime64("2024-03-02", "D"))
    slices, notes = slice_rows(known, training)
    rows = {entry.value: entry.rows.tolist() for entry in slices if entry.dimension == "novelty"}
    assert rows == {
        UNSEEN: [False, True, False, False],
        SEEN: [True, False, False, True],
        AFTER: [False, False, True, False],  # the rest of the last training month is not later
        WITHIN: [True, True, False, False],
    }
    assert notes == []
    assert [entry.value for entry in slices if entry.dimension == "channel"] == [UNKNOWN, "new", "old"]
    assert [entry.value for entry in slices if entry.dimension == "month"] == [
        UNKNOWN,
        "2024-02",
        "2024-03",
        "2024-04",
    ]


def test_novelty_stands_there_only_where_there_is_some() -> None:
    training = TrainingFacts(np.array(["old"]), np.datetime64("2024-12-31", "D"))
    assert not [s for s in slice_rows(facts(["old"] * 3), training)[0] if s.dimension == "novelty"]
    unknown, notes = slice_rows(facts(["a"] * 3, langs=np.full(3, "")), None)
    assert not [s for s in unknown if s.dimension in {"novelty", "language"}]
    assert notes == [
        "no row states its language: no slices by language",
        "this bundle does not keep the channels and months of its training: no slices by novelty",
    ]


def test_lengths_part_at_80_and_200_characters() -> None:
    known = facts(["a"] * 4, lengths=np.array([80, 81, 200, 201]))
    lengths = [s for s in slice_rows(known, NOWHERE)[0] if s.dimension == "length"]
    assert [(s.value.split(",")[0], np.flatnonzero(s.rows).tolist()) for s in lengths] == [
        ("short", [0]),
        ("medium", [1, 2]),
        ("long", [3]),
    ]


def table(n: int, **columns: Any) -> LabelledData:
    data = labelled([f"text {i}" for i in range(n)], [()] * n)
    return LabelledData(data.table.assign(**columns), data.frame_ids, data.path)


def test_sentences_of_one_post_are_no_forwards_but_copies_in_other_posts_are() -> None:
    """Rows 0-1 are one post; rows 2-3 two posts; row 4 has no group; a copy of row 5 was purged from training."""
    data = table(6, group=["p", "p", "q", "r", None, "s"])
    known = RowFacts.of(data, np.array([0, 0, 2, 2, 4, 5]), purged=np.array([5, 77]))
    assert known.posts.tolist() == [1, 1, 2, 2, 1, 2]
    assert known.lengths.tolist() == [6] * 6


def test_a_language_that_no_column_states_is_identified_from_the_text() -> None:
    texts = [
        "Жители города рассказали журналистам о последствиях обстрела.",
        "The ministers met on Monday.",
        "1!",
    ]
    data = table(3, text=texts, lang=[None, "de", None])
    assert RowFacts.of(data, np.arange(3)).langs.tolist() == ["ru", "de", ""]  # what is stated stays


def test_facts_are_read_from_the_table_in_utc_and_stay_the_same_in_a_file(tmp_path: Path) -> None:
    dates = pd.to_datetime(["2024-01-31T23:30:00-02:00", "NaT"], utc=True).astype("datetime64[us, UTC]")
    data = table(2, source=["канал", None], lang=[None, "uk"], date=dates)
    known = RowFacts.of(data, np.array([0, 1]))
    assert known.sources.tolist() == ["канал", ""]
    assert known.langs.tolist() == ["", "uk"]  # "text 0" is too short to identify
    assert known.days.astype(str).tolist() == ["2024-02-01", "NaT"]
    whole = predictions(np.eye(2), np.eye(2), known)
    arrays: dict[str, Any] = whole.to_arrays()
    np.savez(tmp_path / "p.npz", **arrays)
    with np.load(tmp_path / "p.npz", allow_pickle=False) as archive:
        again = TestPredictions.from_arrays(dict(archive))
    assert again.facts is not None
    for name, values in known.to_arrays().items():
        np.testing.assert_array_equal(again.facts.to_arrays()[name], values)
    training = TrainingFacts.of(data)
    back = TrainingFacts.from_arrays(training.to_arrays())
    assert back is not None
    assert (back.sources.tolist(), str(back.last_day)) == (["канал"], "2024-02-01")
    undated = TrainingFacts.from_arrays(TrainingFacts.of(table(1)).to_arrays())
    assert undated is not None
    assert np.isnat(undated.last_day)


def test_predictions_of_an_earlier_version_stay_readable_and_give_a_note_in_place_of_slices() -> None:
    truth = np.eye(4)
    arrays = predictions(truth, truth, None).to_arrays()
    assert set(arrays) == {"ids", "clusters", "truth", "calibrated", "decided"}
    read = TestPredictions.from_arrays(arrays).sorted_by_id()
    assert (read.facts, read.raw) == (None, None)
    report = judge(read, training=None)
    assert report.slices == ()
    assert "train again" in report.notes[0]
    assert TrainingFacts.from_arrays({"digests": np.zeros(1)}) is None


def test_rows_sorted_by_id_keep_their_facts() -> None:
    truth = np.eye(3)
    rows = predictions(truth, truth, facts(["a", "b", "c"])).take(np.array([2, 0, 1]))
    assert rows.facts is not None
    assert rows.facts.sources.tolist() == ["c", "a", "b"]
    back = rows.sorted_by_id()
    assert back.facts is not None
    assert back.facts.sources.tolist() == ["a", "b", "c"]


def test_two_models_are_compared_on_each_slice() -> None:
    truth = np.tile([[1, 0], [0, 1]], (30, 1))
    second = truth.copy()
    second[:30, 0] = 0  # loses one of two frames in the first channel only
    slices, _ = slice_rows(facts(["a"] * 30 + ["b"] * 30), NOWHERE)
    gains = compare_slices(truth, truth, second, clusters=np.arange(60), slices=slices, settings=SETTINGS)
    by_name = {entry.name: entry for entry in gains}
    assert by_name["channel=a"].gain.value == -0.5
    assert (by_name["channel=a"].first, by_name["channel=a"].second) == (1.0, 0.5)
    same = by_name["channel=b"].gain
    assert same.value == 0.0
    assert same.low is not None
    assert same.high is not None
    assert same.low < 0 < same.high  # alike on these rows, which other rows may undo


def test_brier_score_and_calibration_error_before_and_after_worked_out() -> None:
    """Frame one, raw .8 .8 against 1 0: Brier (.04 + .64) / 2, error |.8 - .5|; calibrated .5 .5: .25 and 0."""
    truth = np.array([[1, 1], [0, 1]])
    raw, calibrated = np.array([[0.8, 1.0], [0.8, 1.0]]), np.array([[0.5, 1.0], [0.5, 1.0]])
    of_rows: dict[str, Any] = {"clusters": np.arange(2), "confidence": 0.95}
    found = measure_calibration(truth, raw, calibrated, ("one", "two"), **of_rows)
    one = found.per_frame["one"]
    assert one.brier_before == pytest.approx(0.34)
    assert one.error_before == pytest.approx(0.3)
    assert (one.brier_after, one.error_after) == (0.25, 0.0)
    assert found.per_frame["two"].to_json() == {
        "brier_before": 0.0,
        "brier_after": 0.0,
        "error_before": 0.0,
        "error_after": 0.0,
        "above": 2,
        "error_above": 0.0,
        "slope": {"value": None, "low": None, "high": None},
        "intercept": {"value": None, "low": None, "high": None},
    }
    assert found.overall.brier_after == pytest.approx(0.125)
    unknown = measure_calibration(truth, None, calibrated, ("one", "two"), **of_rows)
    assert unknown.overall.brier_before is None
