"""Samples to label: inclusion probabilities hold when drawing is repeated, and nothing mixes that must not."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.annotation.active_design import choose_active, measure_uncertainty, spread_out
from pipeline.annotation.combine import combine_codings, write_labelled
from pipeline.annotation.draw_sample import SampleSettings, draw_sample
from pipeline.annotation.label_exchange import import_codings
from pipeline.annotation.population import open_population
from pipeline.annotation.probability_designs import (
    allocate,
    draw_random,
    draw_scored,
    draw_stratified,
    number_units,
)
from pipeline.annotation.record_files import write_records
from pipeline.annotation.sample_files import SAMPLE_COLUMNS, make_unit_code, read_sample, write_sample
from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.codebooks.codebook import Codebook, draft_codebook, dump_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.data.tables.table_files import read_records
from pipeline.errors import ConfigError, DataError
from pipeline.scoring.score_output import open_output
from pipeline.scoring.score_posts import score_batch
from pipeline.scoring.score_queries import ModelIdentity

WORDS = [
    *("harbour", "bridge", "market", "letter", "choir", "garden", "museum"),
    *("school", "train", "river", "tower", "engine", "valley", "window"),
]


def make_posts(n: int = 60) -> pa.Table:
    generator = np.random.default_rng(1)
    rows = []
    for i in range(n):
        phrase = ("the world order is changing", "they threaten our borders", "weather")[i % 3]
        words = " ".join(generator.choice(WORDS, 8, replace=False))
        text = f"The {words} spoke of {i}. Today {phrase} {words.upper()}. =SUM({i}) is what it said."
        rows.append(
            {
                "post_key": f"chan{i % 3}/{i}",
                "channel": f"chan{i % 3}",
                "message_id": i,
                "published_at": datetime(2024, 1 + i % 2, 1 + i % 28, tzinfo=UTC) if i else None,
                "text": "#tag https://t.me/x" if i == 7 else text,
                "lang": "en",
                "source_file": "made",
                "source_record": str(i),
                "content_hash": str(i),
            }
        )
    return pa.Table.from_pylist(rows, schema=POSTS_SCHEMA)


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("posts") / "posts.parquet"
    pq.write_table(make_posts(), path)
    return path


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Path:
    out = tmp_path_factory.mktemp("scores") / "out"
    identity = ModelIdentity(
        tiny_bundle.model_id,
        tiny_bundle.bundle_hash,
        tiny_bundle.codebook.content_hash,
        tiny_bundle.frame_ids,
    )
    with open_output(out, identity) as output:
        stamp = output.start_run(["posts.parquet"])
        batch = make_posts().combine_chunks().to_batches()[0]
        batch = batch.append_column("sequence", pa.array(range(batch.num_rows), pa.int64()))
        output.commit([score_batch(batch, tiny_bundle, scored_at=stamp)], batch.num_rows)
        output.finish_run()
    return out


def units(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"post_key": [f"c/{i // 3}" for i in range(n)], "sentence_index": [i % 3 for i in range(n)]}
    )


def test_random_draws_hit_each_unit_and_each_pair_as_often_as_the_probability_says() -> None:
    n_draws, n, size = 4000, 12, 5
    hits = np.zeros((n_draws, n))
    for seed in range(n_draws):
        draw = draw_random(number_units(units(n), seed), size)
        assert (draw.inclusion == size / n).all()
        hits[seed, draw.rows] = 1
    assert np.abs(hits.mean(axis=0) - size / n).max() < 0.03  # 3.9 standard errors
    pairs = (hits.T @ hits / n_draws)[~np.eye(n, dtype=bool)]  # sentences of one post are no special pairs
    assert np.abs(pairs - size * (size - 1) / (n * (n - 1))).max() < 0.03


def test_stratified_draws_hit_each_unit_as_often_as_the_probability_says() -> None:
    strata = pd.Series(["a"] * 14 + ["b"] * 5 + ["c"])
    n_draws = 3000
    hits, stated = np.zeros(20), np.zeros(20)
    for seed in range(n_draws):
        draw = draw_stratified(number_units(units(20), seed), strata, 9, "proportional", 2)
        assert Counter(draw.strata) == {"a": 6, "b": 2, "c": 1}
        hits[draw.rows] += 1
        stated[draw.rows] = draw.inclusion
    assert stated[:14] == pytest.approx(6 / 14)
    assert stated[19] == 1
    assert np.abs(hits / n_draws - stated).max() < 0.035


def test_a_weighted_mean_of_a_stratified_sample_is_unbiased() -> None:
    values = np.arange(20.0) ** 2
    strata = pd.Series(["a"] * 14 + ["b"] * 5 + ["c"])
    totals = []
    for seed in range(2000):
        draw = draw_stratified(number_units(units(20), seed), strata, 9, "equal", 1)
        totals.append((values[draw.rows] / draw.inclusion).sum())
    assert np.mean(totals) == pytest.approx(values.sum(), rel=0.02)


@settings(deadline=None, max_examples=80)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    extra=st.integers(0, 60),
    minimum=st.integers(1, 3),
    allocation=st.sampled_from(["proportional", "equal"]),
)
def test_allocation_keeps_its_bounds_and_never_takes_back(
    sizes: list[int], extra: int, minimum: int, allocation: str
) -> None:
    counts = np.array(sizes)
    least = int(np.minimum(counts, minimum).sum())
    n = min(least + extra, int(counts.sum()))
    wanted = allocate(counts, n, allocation, minimum)  # type: ignore[arg-type]
    assert wanted.sum() == n
    assert (wanted <= counts).all()
    assert (wanted >= np.minimum(counts, minimum)).all()
    if n > least:
        assert (allocate(counts, n - 1, allocation, minimum) <= wanted).all()  # type: ignore[arg-type]


def test_a_larger_sample_of_the_same_seed_contains_the_smaller(posts: Path) -> None:
    for design in ("random", "stratified"):
        small, large = (
            {row["id"] for row in draw_sample(posts, SampleSettings(size=n, design=design)).rows}
            for n in (20, 45)
        )
        assert small < large


def test_too_many_strata_for_the_size_is_a_message(posts: Path) -> None:
    with pytest.raises(ConfigError, match="7 strata with at least 2 units each need 14"):
        draw_sample(posts, SampleSettings(size=10, design="stratified"))


def test_a_sample_of_scores_equals_one_of_the_same_posts(posts: Path, scores: Path) -> None:
    chosen = SampleSettings(size=30)
    from_posts, from_scores = draw_sample(posts, chosen), draw_sample(scores, chosen)
    assert all(row.pop("drawn_scored") is None for row in from_posts.rows)
    assert all(row.pop("drawn_scored") is not None for row in from_scores.rows)
    assert from_posts.rows == from_scores.rows
    assert from_posts.sample_id == from_scores.sample_id
    assert from_posts.population == 59 * 3  # a post of boilerplate alone holds no unit


def test_rows_carry_text_neighbours_and_design(posts: Path) -> None:
    table = make_posts().to_pylist()
    texts = {row["post_key"]: row["text"] for row in table}
    for row in draw_sample(posts, SampleSettings(size=40, design="stratified")).rows:
        key, _, index = row["id"].rpartition(":")
        assert tuple(row) == SAMPLE_COLUMNS
        assert row["text"] in texts[key]
        assert (row["before"] == "") == (index == "0")
        assert f"{row['before']} {row['text']} {row['after']}".strip() in texts[key]
        month = "undated" if row["published_at"] is None else f"{row['published_at']:%Y-%m}"
        assert row["stratum"] == f"{row['channel']}|{month}"


def test_labelled_sentences_keep_the_language_of_their_posts(tmp_path: Path) -> None:
    of_posts = {row["post_key"]: ("uk", "ar", "und")[i % 3] for i, row in enumerate(make_posts().to_pylist())}
    table = make_posts().drop("lang").append_column("lang", pa.array(list(of_posts.values())))
    posts = tmp_path / "posts.parquet"
    pq.write_table(table.select(POSTS_SCHEMA.names).cast(POSTS_SCHEMA), posts)
    book = draft_codebook("book", ["order"], mode="multi_label")
    rows = draw_sample(posts, SampleSettings(size=20)).rows
    write_sample(tmp_path / "sample.csv", rows)
    codes = [
        {"id": make_unit_code(row["id"], row["sample_id"]), "text": row["text"], "labels": "order"}
        for row in rows
    ]
    write_records(tmp_path / "coder.csv", codes, ["id", "text", "labels"])
    imported = import_codings([tmp_path / "coder.csv"], book, sample=tmp_path / "sample.csv")
    write_labelled(tmp_path / "labelled.csv", combine_codings(imported.codings, book, "majority"))
    labelled = read_labelled(tmp_path / "labelled.csv", book).table
    assert len(labelled) == 20
    for unit, lang in zip(labelled["id"], labelled["lang"], strict=True):
        stated = of_posts[unit.rpartition(":")[0]]
        assert lang == stated or (stated == "und" and lang is None)


def test_posts_as_units_say_which_hold_no_sentence(posts: Path, scores: Path) -> None:
    for source in (posts, scores):
        drawn = draw_sample(source, SampleSettings(size=59, unit="post"))
        assert {row["id"] for row in drawn.rows} == {f"chan{i % 3}/{i}" for i in range(60) if i != 7}
        assert {row["inclusion_probability"] for row in drawn.rows} == {1.0}
        assert any("1 post has no sentence" in note for note in drawn.notes)


def test_active_needs_scores_and_is_never_for_estimates(posts: Path, scores: Path) -> None:
    with pytest.raises(ConfigError, match="nothing can be estimated"):
        draw_sample(scores, SampleSettings(size=5, design="active"))
    with pytest.raises(DataError, match="needs scores"):
        draw_sample(posts, SampleSettings(size=5, design="active", purpose="train"))


def test_active_takes_what_the_model_doubts_and_a_random_share(scores: Path) -> None:
    chosen = SampleSettings(size=20, design="active", purpose="train", random_share=0.25)
    drawn = draw_sample(scores, chosen)
    strata = Counter(row["stratum"] for row in drawn.rows)
    assert strata == {"active": 15, "random": 5}
    for row in drawn.rows:
        assert row["inclusion_probability"] == (1 if row["stratum"] == "active" else 5 / (59 * 3 - 15))
    population = open_population(scores, "sentence", with_scores=True)
    assert population.probabilities is not None
    assert population.decided is not None
    doubt = measure_uncertainty(population.probabilities, population.decided).max(axis=1)
    of_id = dict(zip(population.ids(np.arange(len(population))), doubt, strict=True))
    taken = [of_id[row["id"]] for row in drawn.rows if row["stratum"] == "active"]
    assert np.mean(taken) > np.mean(doubt)
    assert drawn.rows == draw_sample(scores, chosen).rows


def test_uncertainty_is_largest_at_the_threshold_that_the_decisions_show() -> None:
    probabilities = np.array([[0.1], [0.29], [0.31], [0.9]], np.float32)
    doubt = measure_uncertainty(probabilities, probabilities >= 0.3)
    assert doubt[:, 0] == pytest.approx([0.1 / 0.3, 0.29 / 0.3, 0.69 / 0.7, 0.1 / 0.7], rel=1e-5)


def test_uncertainty_of_single_label_scores_is_the_closeness_of_the_best_two() -> None:
    probabilities = np.array([[0.5, 0.4, 0.1], [0.2, 0.2, 0.6], [0.45, 0.1, 0.45]], np.float32)
    decided = np.array([[1, 0, 0], [0, 0, 1], [1, 0, 0]], bool)
    assert measure_uncertainty(probabilities, decided)[:, 0] == pytest.approx([0.9, 0.6, 1.0])


def test_no_frame_fills_the_candidates_and_copies_stand_once() -> None:
    texts = [f"{WORDS[i]} {WORDS[i + 1]} {WORDS[i + 2]} number {i} and word {i * 7}" for i in range(10)]
    texts[1] = texts[0].upper() + "!"
    doubt = np.column_stack([np.linspace(1, 0.9, 10), np.linspace(0, 0.5, 10)])
    chosen = choose_active(doubt, lambda rows: [texts[i] for i in rows], 2)
    assert set(chosen) <= set(range(10))
    assert not {0, 1} <= set(chosen)
    assert len(choose_active(doubt, lambda rows: [texts[i] for i in rows], 10)) == 9


def test_spread_out_takes_one_text_of_each_topic() -> None:
    texts = [
        "ships in port",
        "ships in the port",
        "ships port",
        "wheat and barley",
        "barley wheat",
        "!?",
        "!",
    ]
    assert sorted(spread_out(texts, 3)) in ([0, 3, 5], [0, 4, 5])


def test_exclusion_is_counted_for_training_and_refused_for_estimates(posts: Path, tmp_path: Path) -> None:
    first = draw_sample(posts, SampleSettings(size=30))
    write_records(tmp_path / "done.csv", first.rows, ["id", "text"])
    with pytest.raises(ConfigError, match="larger sample with the same --seed"):
        draw_sample(posts, SampleSettings(size=10), [tmp_path / "done.csv"])
    rest = draw_sample(posts, SampleSettings(size=147, purpose="train"), [tmp_path / "done.csv"])
    assert not {row["id"] for row in rest.rows} & {row["id"] for row in first.rows}
    assert any("30 of 177 units left out" in note for note in rest.notes)
    write_records(tmp_path / "coder.csv", [{"id": make_unit_code("chan0/3:0", "s")}], ["id"])
    with pytest.raises(DataError, match="in place of an id"):
        draw_sample(posts, SampleSettings(size=10, purpose="train"), [tmp_path / "coder.csv"])
    with pytest.raises(DataError, match="only 147 units"):
        draw_sample(posts, SampleSettings(size=148, purpose="train"), [tmp_path / "done.csv"])


def test_the_sample_id_names_settings_and_source(posts: Path) -> None:
    chosen = SampleSettings(size=10)
    names = {draw_sample(posts, replace(chosen, seed=seed)).sample_id for seed in (1, 1, 2)}
    assert len(names) == 2


def test_copies_are_marked_not_dropped(tmp_path: Path) -> None:
    table = make_posts(12).to_pylist()
    table[3]["text"] = table[4]["text"]
    pq.write_table(pa.Table.from_pylist(table, schema=POSTS_SCHEMA), tmp_path / "posts.parquet")
    drawn = draw_sample(tmp_path / "posts.parquet", SampleSettings(size=11, unit="post"))
    cluster = {row["id"]: row["cluster"] for row in drawn.rows}
    assert cluster["chan0/3"] == cluster["chan1/4"]
    assert any("1 unit is a copy of others" in note for note in drawn.notes)
    assert any(
        "copy a label only where `statement` is equal too (1 of them; a coder's table" in note
        for note in drawn.notes
    )
    to_train = draw_sample(tmp_path / "posts.parquet", SampleSettings(size=11, unit="post", purpose="train"))
    assert any("label one of a cluster" in note for note in to_train.notes)
    assert not any("count in estimates" in note for note in to_train.notes)


def test_a_copy_that_denies_bears_no_label_of_the_other(tmp_path: Path) -> None:
    table = make_posts(12).to_pylist()
    table[3]["text"] = "The council of Morava is ready to reopen 14 schools near the border"
    table[4]["text"] = "The council of Morava is not ready to reopen 14 schools near the border"
    table[5]["text"] = "The council of Morava is ready to reopen 14 schools near the border!"
    pq.write_table(pa.Table.from_pylist(table, schema=POSTS_SCHEMA), tmp_path / "posts.parquet")
    drawn = draw_sample(tmp_path / "posts.parquet", SampleSettings(size=11, unit="post"))
    found = {row["text"].count("not"): row for row in drawn.rows if "Morava" in row["text"]}
    assert found[0]["cluster"] == found[1]["cluster"]
    assert found[0]["statement"] != found[1]["statement"]
    assert len({row["statement"] for row in drawn.rows if "Morava" in row["text"]}) == 2


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_the_command_writes_the_contract_in_every_format(suffix: str, scores: Path, tmp_path: Path) -> None:
    output = tmp_path / f"sample{suffix}"
    arguments = ["sample", str(scores), "-n", "25", "--design", "stratified", "-o", str(output), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert sum(result["strata"].values()) == result["size"] == 25
    expected = draw_sample(scores, SampleSettings(size=25, design="stratified")).rows
    rows = read_sample(output)
    assert list(read_records(output)[0].cells) == list(SAMPLE_COLUMNS)
    for row, wanted in zip(rows, expected, strict=True):
        same = {name: value or None for name, value in wanted.items() if name != "published_at"}
        same["inclusion_probability"] = pytest.approx(wanted["inclusion_probability"], rel=1e-14)
        assert {name: row[name] or None for name in same} == same
        times = (row["published_at"], wanted["published_at"])
        assert times == (None, None) or pd.Timestamp(times[0]) == pd.Timestamp(times[1])


def test_the_command_says_what_is_wrong_in_one_line(posts: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["sample", str(posts), "-n", "5", "-o", str(tmp_path / "sample.docx")])
    assert done.exit_code == 1
    assert "expected a name that ends in one of .csv" in done.output


def test_samples_of_two_purposes_are_independent_and_one_of_more_units_contains_the_smaller(
    posts: Path,
) -> None:
    """Of 177 sentences, two independent samples of 60 share 20, give or take 3 (hypergeometric)."""
    drawn = {
        purpose: {row["id"] for row in draw_sample(posts, SampleSettings(size=60, purpose=purpose)).rows}
        for purpose in ("estimate", "test", "train")
    }
    for one, other in (("estimate", "test"), ("estimate", "train"), ("test", "train")):
        assert len(drawn[one] & drawn[other]) < 35
    larger = {row["id"] for row in draw_sample(posts, SampleSettings(size=90, purpose="test")).rows}
    assert drawn["test"] < larger


def test_a_scored_sample_holds_the_share_and_draws_more_where_the_model_doubts() -> None:
    """Weights add up to all units; the estimate is right on average; a larger sample contains the smaller one."""
    generator = np.random.default_rng(3)
    p = np.concatenate([generator.uniform(0.001, 0.01, 3600), generator.uniform(0.2, 0.8, 400)])
    truth = generator.random(4000) < p
    numbers = [generator.permutation(4000).astype(np.uint64) for _ in range(200)]
    doubt = np.sqrt(p * (1 - p))
    shares = []
    for one in numbers:
        drawn = draw_scored(one, doubt, 200, 2)
        assert (1 / drawn.inclusion).sum() == pytest.approx(4000)
        shares.append((truth[drawn.rows] / drawn.inclusion).sum() / 4000)
    assert np.mean(shares) == pytest.approx(truth.mean(), abs=4 * np.std(shares) / np.sqrt(200))
    assert (draw_scored(numbers[0], doubt, 200, 2).rows >= 3600).mean() > 0.2
    plain = [truth[np.argsort(one)[:200]].mean() for one in numbers]
    assert np.std(shares) < 0.9 * np.std(plain)
    assert set(draw_scored(numbers[0], doubt, 200, 2).rows) <= set(
        draw_scored(numbers[0], doubt, 300, 2).rows
    )


def test_a_top_up_draws_from_what_was_added_alone_and_says_from_how_many(tmp_path: Path) -> None:
    table = make_posts()
    early, late = table.slice(0, 40), table.slice(40)
    dates = late["published_at"].to_pylist()
    late = late.set_column(
        late.schema.get_field_index("published_at"),
        POSTS_SCHEMA.field("published_at"),
        pa.array([None if d is None else d + timedelta(days=365) for d in dates], pa.timestamp("us", "UTC")),
    )
    pq.write_table(early, tmp_path / "posts.parquet")
    first = draw_sample(tmp_path / "posts.parquet", SampleSettings(size=20))
    write_sample(tmp_path / "first.csv", first.rows)
    with pytest.raises(DataError, match="nothing to top up"):
        draw_sample(tmp_path / "posts.parquet", SampleSettings(size=5), tops_up=tmp_path / "first.csv")
    pq.write_table(pa.concat_tables([early, late]), tmp_path / "posts.parquet")
    more = draw_sample(tmp_path / "posts.parquet", SampleSettings(size=20), tops_up=tmp_path / "first.csv")
    assert more.population + first.population == more.rows[0]["drawn_units"]
    assert {row["tops_up"] for row in more.rows} == {first.sample_id}
    added = {key for key, d in zip(late["post_key"].to_pylist(), dates, strict=True) if d is not None}
    assert {row["id"].rpartition(":")[0] for row in more.rows} <= added
    weight = sum(1 / row["inclusion_probability"] for row in [*first.rows, *more.rows])
    assert weight == pytest.approx(more.rows[0]["drawn_units"])
    with pytest.raises(ConfigError, match="top-up is for estimates"):
        draw_sample(
            tmp_path / "posts.parquet",
            SampleSettings(size=5, purpose="train"),
            tops_up=tmp_path / "first.csv",
        )


def test_files_beside_a_sample_may_have_another_encoding(scores: Path, tmp_path: Path) -> None:
    ids = tmp_path / "known.csv"
    ids.write_bytes("id;text\nх/1;привет\n".encode("cp1251"))
    command = ["sample", str(scores), "-n", "3", "--purpose", "train", "--exclude", str(ids), "-o"]
    refused = CliRunner().invoke(app, [*command, str(tmp_path / "a.csv")])
    assert refused.exit_code == 1
    assert "--encoding" in refused.output
    done = CliRunner().invoke(app, [*command, str(tmp_path / "b.csv"), "--encoding", "cp1251"])
    assert done.exit_code == 0, done.output


SAID = {
    "order": "The sentence claims that a multipolar world order replaces the dominance of one power.",
    "harvest": "The sentence speaks of crops, grain and the harvest of farmers.",
}
ABOUT = {
    "order": (
        "Several centres of power now shape the international order instead of a single hegemon.",
        "No state alone will dominate the multipolar world that is being born.",
        "The age of one superpower is over, and many poles balance each other.",
        "New powers in Asia and Africa end the dominance of a unipolar system.",
    ),
    "harvest": (
        "Farmers brought in wheat and barley before the rain.",
        "The grain stores are full after a rich harvest of maize.",
        "Crops failed in the south, so bread will be dear this winter.",
        "Combine harvesters work day and night on the sunflower fields.",
    ),
    "": (
        "The orchestra plays in the city hall tonight.",
        "Our goalkeeper saved two penalties in the final.",
        "A new bridge for cyclists opens on Sunday.",
        "The museum shows portraits of the last century.",
        "Schools will close for a week in February.",
        "He was fined for parking before the hospital.",
        "The tram stops twice as often since spring.",
        "She repaired the old clock on the tower.",
    ),
}


def test_a_first_sample_is_like_the_codebook_and_no_labels(tmp_path: Path) -> None:
    """Of 16 posts four are about each of two frames; the similar half of a sample of eight finds most of them."""
    topics = [topic for topic, texts in ABOUT.items() for _ in texts]
    texts = [text for of_topic in ABOUT.values() for text in of_topic]
    rows = [
        {
            "post_key": f"c/{i}",
            "channel": "c",
            "published_at": datetime(2024, 1, 1, tzinfo=UTC),
            "text": text,
            "lang": "en",
            "source_file": "made",
            "source_record": str(i),
            "content_hash": str(i),
        }
        for i, text in enumerate(texts)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), tmp_path / "posts.parquet")
    book = Codebook.model_validate(
        {"name": "b", "frames": [{"id": f, "name": f, "definition": d} for f, d in SAID.items()]}
    )
    (tmp_path / "book.yaml").write_text(dump_codebook(book), encoding="utf-8")
    out, command = (
        tmp_path / "first.csv",
        ["sample", str(tmp_path / "posts.parquet"), "--design", "similar", "-n", "8"],
    )
    alone = CliRunner().invoke(app, [*command, "-o", str(out)])
    assert (alone.exit_code, "--codebook" in alone.output) == (1, True)
    command += ["--codebook", str(tmp_path / "book.yaml")]
    refused = CliRunner().invoke(app, [*command, "-o", str(out), "--purpose", "estimate"])
    assert (refused.exit_code, "nothing can be estimated" in refused.output) == (1, True)
    done = CliRunner().invoke(app, [*command, "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "no figure may rest on it" in " ".join(done.output.split())
    found = [record.cells for record in read_records(out)]
    proposed = [(row["proposed"], topics[int(row["id"].split("/")[1].split(":")[0])]) for row in found]
    assert len(proposed) == 8
    for frame in SAID:
        assert sum(topic == frame for told, topic in proposed if told == frame) >= 2
    assert {row["purpose"] for row in found} == {"train"}
    assert [row["proposed"] for row in found if row["stratum"] == "random"] == [None] * 2

    with pytest.raises(DataError, match="holds no labels"):
        read_labelled(out, book, {"labels": "proposed"})
    exported = CliRunner().invoke(
        app,
        [
            "label-export",
            str(out),
            "--codebook",
            str(tmp_path / "book.yaml"),
            "-o",
            str(tmp_path / "coder.csv"),
        ],
    )
    assert exported.exit_code == 0, exported.output
    assert "proposed" not in (tmp_path / "coder.csv").read_text(encoding="utf-8-sig")
