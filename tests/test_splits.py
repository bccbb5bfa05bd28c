import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.data import FoldSettings
from pipeline.data.labels.labelled_rows import COLUMNS, LabelledData
from pipeline.data.labels.splits import NAMES, Folds, join_folds, make_folds, make_folds_from_files
from pipeline.errors import DataError

FRAMES = ("common", "middling", "rare")
START = datetime(2024, 1, 1, 12, tzinfo=UTC)


def text_of(number: int) -> str:
    rng = random.Random(number)
    return " ".join(f"w{rng.randrange(10**6)}" for _ in range(12))


def make_data(
    n: int = 200,
    *,
    texts: list[str] | None = None,
    prefix: str = "",
    seed: int = 0,
    warnings: tuple[str, ...] = (),
    **columns: object,
) -> LabelledData:
    """Rows of which about 40, 15 and 4 % carry the three frames; every text differs unless `texts` is given."""
    rng = np.random.default_rng(seed)
    carries = rng.random((n, 3)) < (0.4, 0.15, 0.04)
    table = pd.DataFrame(
        {
            "id": [f"{prefix}{i}" for i in range(n)],
            "text": texts or [text_of(seed * 10_000 + i) for i in range(n)],
            "labels": [tuple(np.array(FRAMES)[row].tolist()) for row in carries],
            "source": None,
            "date": pd.Series([None] * n, dtype="datetime64[us, UTC]"),
            "group": None,
            "lang": None,
        }
    )
    for name, values in columns.items():
        table[name] = pd.Series(values, dtype=table[name].dtype)
    return LabelledData(table[list(COLUMNS)], FRAMES, Path("made.jsonl"), warnings)


def days(n: int, rows_per_day: int = 1) -> list[datetime]:
    return [START + timedelta(days=i // rows_per_day) for i in range(n)]


def ids(data: LabelledData) -> list[str]:
    return data.table["id"].tolist()


def check_folds(data: LabelledData, folds: Folds) -> None:
    kept = [row_id for name in NAMES for row_id in ids(getattr(folds, name))]
    assert sorted([*kept, *folds.purged]) == sorted(ids(data))
    seen: set[int] = set()
    for name in NAMES:
        clusters = folds.clusters[name]
        assert len(clusters) == len(getattr(folds, name)) > 0
        assert not seen & set(clusters.tolist())
        seen |= set(clusters.tolist())


def test_every_frame_has_its_share_in_every_fold() -> None:
    data = make_data(1000)
    folds = make_folds(data, FoldSettings())
    check_folds(data, folds)
    assert not folds.purged
    shares = {"train": 0.8 * 0.85, "dev": 0.8 * 0.15, "test": 0.2}
    total = data.count_positives()
    for name, share in shares.items():
        fold = getattr(folds, name)
        assert len(fold) == pytest.approx(1000 * share, abs=6)
        for frame, count in fold.count_positives().items():
            assert count == pytest.approx(total[frame] * share, abs=2.5), (name, frame)


def test_a_frame_of_few_positives_reaches_train_and_test() -> None:
    data = make_data(300)
    data.table["labels"] = [("rare",) if i % 60 == 0 else () for i in range(300)]
    folds = make_folds(data, FoldSettings())
    assert folds.test.count_positives()["rare"] == 1
    assert folds.train.count_positives()["rare"] >= 3
    assert any("no positive in the train fold: common, middling" in note for note in folds.notes)


def test_the_seed_decides() -> None:
    data = make_data()
    first, again, other = (make_folds(data, FoldSettings(seed=seed)) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert ids(first.test) == ids(again.test) != ids(other.test)


def test_clusters_stay_whole() -> None:
    texts = [text_of(i % 50) + ("!" if i % 2 else "") for i in range(200)]
    data = make_data(200, texts=texts, group=[f"post {i // 2}" for i in range(200)])
    folds = make_folds(data, FoldSettings())
    check_folds(data, folds)
    in_test = set(folds.test.table["text"].str.rstrip("!"))
    assert not in_test & set(folds.train.table["text"].str.rstrip("!"))
    assert sum(row["clusters"] for row in folds.summary()) == 25  # two texts a post, fifty texts in all


def test_by_time_the_latest_whole_days_are_test() -> None:
    data = make_data(200, date=days(200, rows_per_day=2))
    folds = make_folds(data, FoldSettings())  # auto: dated, and over more than two months
    check_folds(data, folds)
    assert ids(folds.test) == [str(i) for i in range(160, 200)]
    assert folds.test.table["date"].min() > folds.train.table["date"].max()
    assert any("folds by time: test begins 2024-03-21" in note for note in folds.notes)
    assert len(folds.dev) == pytest.approx(160 * 0.15, abs=2)


def test_by_time_later_copies_of_earlier_texts_leave_test() -> None:
    texts = [text_of(i) for i in range(200)]
    texts[190] = texts[3] + " https://t.me/x/1"
    texts[195] = texts[199]
    data = make_data(200, texts=texts, date=days(200))
    folds = make_folds(data, FoldSettings(method="time"))
    check_folds(data, folds)
    assert folds.purged == ("190",)
    assert {"195", "199"} <= set(ids(folds.test))
    assert any("1 row purged" in note for note in folds.notes)


def test_the_cut_by_time_is_the_day_boundary_nearest_to_the_wanted_share() -> None:
    dates = days(100)
    dates[70:99] = [dates[70]] * 29
    dates[99] = dates[70] + timedelta(days=1)
    folds = make_folds(make_data(100, date=dates), FoldSettings(method="time"))
    assert len(folds.test) == 30  # 30 is nearer to 20 than 1 is


def test_auto_divides_by_cluster_where_dates_are_few_or_near() -> None:
    for dates in (days(200, rows_per_day=5), [*days(180), *[None] * 20]):
        folds = make_folds(make_data(200, date=dates), FoldSettings())
        assert not any("by time" in note for note in folds.notes)


def test_undated_rows_are_never_called_late() -> None:
    data = make_data(200, date=[*days(195), *[None] * 5])
    folds = make_folds(data, FoldSettings())
    assert not folds.test.table["date"].isna().any()
    assert any("5 rows have no date" in note for note in folds.notes)


def test_held_out_sources_go_to_test_and_their_copies_leave_train() -> None:
    texts = [text_of(i) for i in range(200)]
    texts[50] = texts[0]
    sources = ["mfa" if i < 20 else "other" for i in range(200)]
    for method in ("cluster", "time"):
        data = make_data(200, texts=texts, source=sources, date=days(200))
        folds = make_folds(data, FoldSettings.model_validate({"method": method, "hold_out_sources": ["mfa"]}))
        check_folds(data, folds)
        assert {str(i) for i in range(20)} < set(ids(folds.test))
        assert folds.purged == ("50",)
        assert any("held-out sources, 20 rows in test: mfa" in note for note in folds.notes)


@pytest.mark.parametrize(
    ("data", "chosen", "message"),
    [
        (make_data(50, texts=["the same text for each and every row"] * 50), {}, "only 1 clusters"),
        (make_data(3), {"test_share": 0.01}, "the dev fold would be empty; give more labelled rows"),
        (make_data(50), {"method": "time"}, "method is time, but no row has a date; use cluster"),
        (make_data(50, date=[START] * 50), {"method": "time"}, "all dated rows are of one day"),
        (
            make_data(50, source=["a"] * 50),
            {"hold_out_sources": ["b"]},
            "names b, which no row has as its source; sources are: a",
        ),
        (make_data(50, source=["a"] * 50), {"hold_out_sources": ["a"]}, "the train fold would be empty"),
    ],
)
def test_impossible_folds_are_refused(data: LabelledData, chosen: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        make_folds(data, FoldSettings.model_validate(chosen))


def test_notes_carry_the_warnings_of_the_file_and_large_clusters() -> None:
    texts = [text_of(0) if i < 60 else text_of(i) for i in range(200)]
    folds = make_folds(make_data(200, texts=texts, warnings=("dates without zone",)), FoldSettings())
    assert "dates without zone" in folds.notes
    (note,) = (note for note in folds.notes if "one cluster holds 60 of 200 rows" in note)
    assert f"in 60 of them: '{text_of(0)[:40]}" in note


def test_a_given_test_file_stays_as_it_is_and_train_is_purged() -> None:
    train, test = make_data(200, prefix="train-"), make_data(40, prefix="test-", seed=1)
    test.table.loc[0, "text"] = train.table.loc[7, "text"].upper()
    folds = make_folds_from_files(train, test, None, FoldSettings())
    assert folds.test.fingerprint == test.fingerprint
    assert folds.purged == ("train-7",)
    assert len(folds.train) + len(folds.dev) == 199
    assert len(folds.dev) == pytest.approx(199 * 0.15, abs=2)


def test_a_given_dev_file_is_purged_against_test_and_train_against_both() -> None:
    train, dev, test = (make_data(50, prefix=p, seed=i) for i, p in enumerate(("train-", "dev-", "test-")))
    dev.table.loc[1, "text"] = test.table.loc[0, "text"]
    train.table.loc[2, "text"] = test.table.loc[3, "text"]
    train.table.loc[4, "text"] = dev.table.loc[5, "text"]
    folds = make_folds_from_files(train, test, dev, FoldSettings())
    assert sorted(folds.purged) == ["dev-1", "train-2", "train-4"]
    assert (len(folds.train), len(folds.dev), len(folds.test)) == (48, 49, 50)


def test_one_id_in_two_files_is_refused_unless_the_row_is_purged() -> None:
    train, test = make_data(50, prefix="a"), make_data(10, prefix="b", seed=1)
    test.table.loc[0, ["id", "text"]] = train.table.loc[0, ["id", "text"]].tolist()  # ids made from the text
    assert make_folds_from_files(train, test, None, FoldSettings()).purged == ("a0",)
    test.table.loc[1, "id"] = "a1"
    with pytest.raises(DataError, match=r"the id 'a1' stands in .* as well"):
        make_folds_from_files(train, test, None, FoldSettings())


def test_joined_folds_keep_rows_and_clusters_side_by_side() -> None:
    folds = make_folds(make_data(), FoldSettings())
    data, clusters = join_folds(folds, ("train", "dev"))
    assert ids(data) == ids(folds.train) + ids(folds.dev)
    assert clusters.tolist() == [*folds.clusters["train"], *folds.clusters["dev"]]


def test_summary_is_plain_and_complete() -> None:
    data = make_data(100, date=days(100))
    rows = make_folds(data, FoldSettings(method="cluster")).summary()
    assert [row["fold"] for row in rows] == list(NAMES)
    assert sum(row["n"] for row in rows) == 100
    for frame, count in data.count_positives().items():
        assert sum(row["positives"][frame] for row in rows) == count
    assert min(row["first_date"] for row in rows) == START.isoformat()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_folds_and_purged_rows_are_all_rows_and_no_cluster_straddles(data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 60))

    def draw(values: st.SearchStrategy[object]) -> list[object]:
        return data.draw(st.lists(values, min_size=n, max_size=n))

    labelled = make_data(
        n,
        texts=[text_of(int(str(number))) for number in draw(st.integers(0, 2 * n))],
        group=draw(st.one_of(st.none(), st.sampled_from([f"g{i}" for i in range(n)]))),
        source=draw(st.sampled_from(["a", "b", None])),
        date=draw(st.one_of(st.none(), st.integers(0, 90).map(lambda d: START + timedelta(days=d)))),
    )
    chosen = {
        "method": data.draw(st.sampled_from(["auto", "cluster", "time"])),
        "hold_out_sources": data.draw(st.sampled_from([[], ["a"]])),
        "test_share": data.draw(st.floats(0.1, 0.6)),
    }
    try:
        folds = make_folds(labelled, FoldSettings.model_validate(chosen))
    except DataError as error:
        assert str(error).startswith("made.jsonl: ")  # noqa: PT017 - few rows often cannot be divided
        return
    check_folds(labelled, folds)
    if chosen["hold_out_sources"]:
        assert "a" not in {*folds.train.table["source"], *folds.dev.table["source"]}
