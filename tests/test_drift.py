import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.config.run_config import SAMPLE_FOLDER, resolve_run_config
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.data.text.boilerplate import is_boilerplate
from pipeline.data.text.sentences import split_sentences
from pipeline.errors import DataError
from pipeline.evaluation.drift_check import measure_drift
from pipeline.evaluation.drift_classifier import separate_domains
from pipeline.evaluation.drift_statistics import Histogram, compare_histograms, divergence
from pipeline.reporting.html_report import write_report
from pipeline.scoring.drift_reference import (
    SCORE_EDGES,
    DriftReference,
    Vocabulary,
    count_bins,
    find_words,
    read_drift_reference,
)
from pipeline.scoring.prediction import PredictReport, predict
from pipeline.scoring.unfamiliar_posts import warn_of_languages, warn_of_words
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

LABELLED = SAMPLE_FOLDER / "labelled_sentences.jsonl"
NEW = SAMPLE_FOLDER / "labelled_january_2025.jsonl"
RUSSIAN = (
    "Министр заявил, что переговоры о безопасности границ начнутся уже на следующей неделе.",
    "Правительство приняло решение увеличить поставки зерна в соседние страны.",
    "Жители города рассказали журналистам о последствиях ночного обстрела.",
)
UKRAINIAN = (
    "Українські дипломати обговорили з партнерами гарантії безпеки та відбудову країни після війни.",
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A quick baseline on the embedded English sentences, through the whole training."""
    return train(tmp_path_factory.mktemp("drift"))


def train(folder: Path) -> ModelBundle:
    raw = {
        "name": "drift",
        "data": {"codebook": "sample:codebook.yaml", "labelled": "sample:labelled_sentences.jsonl"},
        "model": {"kind": "tfidf", "char_ngrams": None, "c_grid": [10.0], "inner_folds": 2},
        "evaluation": {"bootstrap_samples": 100},
        "output": str(folder / "runs"),
    }
    config = resolve_run_config(raw, folder / "drift.yaml")
    return load_bundle(run_training(config, NullTracker(), lambda *_: None).bundle)


def new_texts() -> list[str]:
    return [json.loads(line)["text"] for line in NEW.read_text(encoding="utf-8").splitlines()]


def score(bundle: ModelBundle, out: Path, texts: Sequence[str], langs: Sequence[str]) -> PredictReport:
    rows = [
        {
            "post_key": f"channel/{i}",
            "channel": "channel",
            "message_id": i,
            "published_at": datetime(2025, 1, 1, tzinfo=UTC),
            "text": text,
            "lang": lang,
            "source_file": "made",
            "source_record": f"row {i}",
            "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        }
        for i, (text, lang) in enumerate(zip(texts, langs, strict=True))
    ]
    table = out.with_suffix(".parquet")
    pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), table)
    return predict([table], bundle, out)


@pytest.fixture(scope="module")
def same_kind(bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PredictReport]:
    out, texts = tmp_path_factory.mktemp("same") / "scores", new_texts()
    return out, score(bundle, out, texts, ["en"] * len(texts))


@pytest.fixture(scope="module")
def foreign(bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PredictReport]:
    out = tmp_path_factory.mktemp("foreign") / "scores"
    texts = [f"{RUSSIAN[i % 3]} {RUSSIAN[i // 3 % 3]} {'и так ' * i}" for i in range(25)]
    texts += [f"{UKRAINIAN[0]} {'знову ' * i}" for i in range(15)]
    return out, score(bundle, out, texts, ["ru"] * 25 + ["uk"] * 15)


def reference_of(texts: Sequence[str], clusters: Sequence[int]) -> DriftReference:
    scores = np.full((len(texts), 1), 0.25)
    return DriftReference.of(texts, np.array(clusters), scores, score_clusters=len(texts))


def test_words_leave_out_what_is_new_in_every_post() -> None:
    text = "See t.me/channel/17, https://x.org/Path or @someone: 2 Öl-Tanker, don't #Panic am 24.02.2022!"
    assert find_words(text) == ["see", "or", "öl", "tanker", "don", "t", "panic", "am"]


def test_the_expected_share_of_unknown_words_is_that_of_leaving_each_cluster_out() -> None:
    texts, clusters = ["war and peace", "war and trade trade", "peace and war", "grain grain"], [0, 1, 0, 2]
    by_hand = []
    for left_out in set(clusters):
        others = {w for t, c in zip(texts, clusters, strict=True) if c != left_out for w in find_words(t)}
        mine = [w for t, c in zip(texts, clusters, strict=True) if c == left_out for w in find_words(t)]
        by_hand += [word not in others for word in mine]
    assert reference_of(texts, clusters).unknown_expected == pytest.approx(np.mean(by_hand))
    assert sum(by_hand) == 6  # peace twice, trade twice, grain twice


def test_the_reference_holds_no_words_and_survives_its_arrays() -> None:
    reference = reference_of(
        ["secret agents meet at dawn in the harbour", "the ministers travel south"], [0, 1]
    )
    arrays = reference.to_arrays()
    assert not any("secret" in str(value) for values in arrays.values() for value in values.ravel())
    again = DriftReference.from_arrays(arrays)
    assert again.unknown_expected == reference.unknown_expected
    assert Vocabulary(again.word_digests).count("secret agents fly") == (1, 3)
    assert again.score_counts.sum() == 2
    assert again.score_counts[0, 6] == 2  # 0.25 lies between 0.2 and 0.3


def test_training_keeps_a_small_reference_and_is_reproducible(bundle: ModelBundle, tmp_path: Path) -> None:
    file = bundle.folder / "drift_reference.npz"
    assert file.stat().st_size < 60_000
    reference = read_drift_reference(bundle)
    assert reference is not None
    assert reference.score_counts.sum(axis=1).tolist() == [reference.n_rows] * len(bundle.frame_ids)
    assert reference.language_share("en") > 0.98
    again = train(tmp_path)
    assert again.bundle_hash == bundle.bundle_hash
    assert (again.folder / file.name).read_bytes() == file.read_bytes()


def test_posts_like_those_of_training_raise_no_warning(
    bundle: ModelBundle, same_kind: tuple[Path, PredictReport]
) -> None:
    out, predicted = same_kind
    report = measure_drift(out, bundle)
    assert predicted.warnings == ()
    assert report.warnings == ()
    assert report.unknown_words.low is not None
    assert report.unknown_words.low < report.unknown_expected + 0.02
    assert report.foreign_share == 0
    assert report == measure_drift(out, bundle)


def test_an_english_model_on_russian_and_ukrainian_posts_is_out_of_its_depth(
    bundle: ModelBundle, foreign: tuple[Path, PredictReport]
) -> None:
    out, predicted = foreign
    languages, words, *untaught = predicted.warnings
    assert "100% of the posts" in languages
    assert "ru 62%, uk 38%; training: en 100%" in languages
    assert "of the words were not in this model's training texts" in words
    assert untaught
    assert all("their raw shares may be too low" in note for note in untaught)
    report = measure_drift(out, bundle)
    assert report.unknown_words.value is not None
    assert report.unknown_words.value > 0.95
    assert report.foreign_share == 1
    assert [entry.code for entry in report.languages[:2]] == ["ru", "uk"]
    assert len(report.warnings) >= 2


def test_few_posts_or_a_few_foreign_ones_raise_no_alarm() -> None:
    reference = reference_of(
        ["The ministers met in the capital on Monday and spoke of trade."] * 40, range(40)
    )
    assert warn_of_languages(reference, {"ru": 3}) is None
    assert warn_of_languages(reference, {"en": 96, "ru": 4}) is None
    assert warn_of_languages(reference, {"und": 90, "ru": 10}) is not None  # undetermined ones do not hide it
    assert warn_of_languages(reference, {"en": 70, "ru": 30}) is not None
    assert warn_of_words(reference, 0.35, 5) is None
    assert warn_of_words(reference, 0.35, 500) is not None


def test_texts_of_training_are_left_out_of_the_figures(bundle: ModelBundle, tmp_path: Path) -> None:
    lines = (json.loads(line)["text"] for line in LABELLED.read_text(encoding="utf-8").splitlines())
    known = [text for text in lines if len(split_sentences(text)) == 1 and not is_boilerplate(text)][:60]
    score(bundle, tmp_path / "all", known, ["en"] * 60)
    with pytest.raises(DataError, match="score posts that it has not seen"):
        measure_drift(tmp_path / "all", bundle)
    score(bundle, tmp_path / "half", [*known, *new_texts()[:60]], ["en"] * 120)
    report = measure_drift(tmp_path / "half", bundle)
    assert 0.3 < report.seen_share < 0.7
    share = f"{report.seen_share:.0%}"
    assert any(share in warning and "not the whole output" in warning for warning in report.warnings)
    assert report.sampled_posts <= 60


def test_the_domain_classifier_needs_the_training_texts(
    bundle: ModelBundle, same_kind: tuple[Path, PredictReport]
) -> None:
    strange = read_labelled(NEW, bundle.codebook)
    with pytest.raises(DataError, match="give the labelled file of its config"):
        measure_drift(same_kind[0], bundle, labelled=strange)


def test_a_classifier_tells_different_texts_apart_and_equal_ones_not() -> None:
    generator = np.random.default_rng(0)

    def write(words: list[str]) -> list[str]:
        return [" ".join(generator.choice(words, 9)) for _ in range(80)]

    first, second = (
        [f"{a}{b}a" for a in "bdfgk" for b in "aeiou"],
        [f"{a}{b}o" for a in "lmnpr" for b in "aeiou"],
    )
    apart = separate_domains(write(first), write(second), seed=1).auc
    alike = separate_domains(write(first), write(first), seed=1).auc
    assert apart.low is not None
    assert apart.low > 0.95
    assert alike.low is not None
    assert alike.high is not None
    assert alike.low < 0.55
    assert alike.high < 0.75


def test_divergence_has_its_known_values() -> None:
    assert divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(1)
    # (1/2, 1/2) against (1, 0): middle (3/4, 1/4); bits ((1/2) lg(2/3) + (1/2) lg 2 + lg(4/3)) / 2
    by_hand = (0.5 * np.log2(2 / 3) + 0.5 * np.log2(2) + np.log2(4 / 3)) / 2
    assert divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == pytest.approx(by_hand)


def test_chance_shifts_nothing_and_a_real_shift_is_found() -> None:
    generator, shares = np.random.default_rng(2), np.array([0.4, 0.3, 0.2, 0.1])

    def draw(n: int, of: np.ndarray) -> Histogram:
        return Histogram(generator.multinomial(n, of), n, 0.0, 0.0)

    names = [str(i) for i in range(60)]
    null = compare_histograms(names, [(draw(300, shares), draw(25, shares)) for _ in names], seed=0)
    assert sum(shift.is_shifted for shift in null) <= 1
    moved = compare_histograms(["x"], [(draw(300, shares), draw(300, shares[::-1]))], seed=0)
    assert moved[0].is_shifted


def histogram(values: np.ndarray) -> Histogram:
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return Histogram(count_bins(values, SCORE_EDGES), len(values), float(values.mean()), error)


def test_a_moved_mean_is_told_with_its_interval_and_held_against_the_tolerance() -> None:
    """From .118 to .181, as on 4,000 posts whose spread hardly changed; a move of .005 is sure, and no news."""
    generator = np.random.default_rng(3)
    then, now = generator.beta(1.18, 8.82, 4000), generator.beta(1.81, 8.19, 4000)
    (shift,) = compare_histograms(["x"], [(histogram(then), histogram(now))], seed=0)
    assert shift.moved.low is not None
    assert shift.moved.high is not None
    assert shift.moved.low < 0.063 < shift.moved.high
    assert shift.moved_beyond(0.03)
    assert not shift.moved_beyond(0.07)
    (little,) = compare_histograms(["x"], [(histogram(then), histogram(then[:3900] + 0.005))], seed=0)
    many = [histogram(np.tile(values, 50)) for values in (then, then + 0.005)]
    (sure,) = compare_histograms(["x"], [(many[0], many[1])], seed=0)
    assert (sure.moved.low or 0) > 0
    assert not sure.moved_beyond(0.03)
    assert not little.moved_beyond(0.03)


def test_intervals_of_moves_hold_for_all_frames_together() -> None:
    generator = np.random.default_rng(4)
    held = []
    for r in range(80):
        pairs = [
            (histogram(generator.beta(1, 9, 400)), histogram(generator.beta(1, 9, 300))) for _ in range(6)
        ]
        shifts = compare_histograms([str(k) for k in range(6)], pairs, seed=r)
        held.append(all((shift.moved.low or 0) <= 0 <= (shift.moved.high or 0) for shift in shifts))
    assert np.mean(held) >= 0.9


def test_the_tolerance_of_the_command_decides_on_the_warning(
    bundle: ModelBundle, foreign: tuple[Path, PredictReport]
) -> None:
    strict, lax = (measure_drift(foreign[0], bundle, tolerance=tolerance) for tolerance in (0.0, 1.0))
    moved = [shift for shift in strict.frames if shift.moved_beyond(0.0)]
    assert moved
    assert not any(shift.moved_beyond(1.0) for shift in lax.frames)
    assert any(f"{moved[0].name} (the mean moved by" in warning for warning in strict.warnings)
    done = CliRunner().invoke(
        app, ["drift", str(foreign[0]), "--model", str(bundle.folder), "--tolerance", "0", "--json"]
    )
    assert done.exit_code == 0, done.output
    said = {frame["name"]: frame["moved_beyond_tolerance"] for frame in json.loads(done.stdout)["frames"]}
    assert [name for name, is_beyond in said.items() if is_beyond] == [shift.name for shift in moved]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(sum),
    st.lists(st.integers(1, 50), min_size=3, max_size=3),
)
def test_divergence_is_symmetric_and_between_0_and_1(first: list[int], second: list[int]) -> None:
    one, other = (np.array(counts) / sum(counts) for counts in (first, second))
    assert divergence(one, other) == pytest.approx(divergence(other, one))
    assert 0 <= divergence(one, other) <= 1
    assert divergence(one, one) == 0


def test_a_model_without_reference_scores_as_ever_and_says_what_to_do(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    report = score(tiny_bundle, tmp_path / "scores", list(RUSSIAN) * 5, ["ru"] * 15)
    assert report.warnings == ()
    with pytest.raises(DataError, match="kept no reference for drift; train it again"):
        measure_drift(tmp_path / "scores", tiny_bundle)


def test_the_command_prints_tables_warnings_and_json(
    bundle: ModelBundle, foreign: tuple[Path, PredictReport], same_kind: tuple[Path, PredictReport]
) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["drift", *arguments, "--model", str(bundle.folder)])
        assert done.exit_code == 0, done.output
        return done.output

    printed = run(str(foreign[0]))
    assert "Words that training lacked" in printed
    assert "Note: 100% of the posts are in languages that this model's training hardly held" in printed
    written = json.loads(run(str(same_kind[0]), "--json", "--labelled", str(LABELLED)))
    assert written["warnings"] == []
    assert 0.4 < written["domain"]["auc"]["value"] < 0.9
    assert len(written["frames"]) == len(bundle.frame_ids)


def test_the_html_report_has_a_section_on_drift(
    bundle: ModelBundle, foreign: tuple[Path, PredictReport], tmp_path: Path
) -> None:
    write_report(foreign[0], tmp_path / "report.html", bundle=bundle)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="drift">' in html
    assert "ru 62.5% (training 0.0%)" in html
    write_report(foreign[0], tmp_path / "without.html")
    assert '<h2 id="drift">' not in (tmp_path / "without.html").read_text(encoding="utf-8")


def test_scores_of_another_model_are_refused(
    bundle: ModelBundle, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    score(tiny_bundle, tmp_path / "scores", ["They threaten our borders."], ["en"])
    with pytest.raises(DataError, match="holds no sentence that drift@"):
        measure_drift(tmp_path / "scores", bundle)


def test_lengths_are_warned_of_with_figures_when_far_apart(
    bundle: ModelBundle, same_kind: tuple[Path, PredictReport], tmp_path: Path
) -> None:
    near = measure_drift(same_kind[0], bundle)
    assert not any("characters" in warning for warning in near.warnings)
    texts = [" ".join(new_texts()[i : i + 5]).replace(".", ",") for i in range(40)]
    score(bundle, tmp_path / "long", texts, ["en"] * len(texts))
    far = measure_drift(tmp_path / "long", bundle)
    assert far.length.mean_now > 1.5 * far.length.mean_then
    (warning,) = (w for w in far.warnings if "characters" in w)
    assert f"much longer than the training texts (mean {far.length.mean_now:.1f} characters" in warning
