import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alias_history import history_of
from numpy.typing import NDArray
from typer.testing import CliRunner
from weather_project import write_files

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.config.evaluation import EvaluationSettings, PromotionSettings
from pipeline.config.run_config import RunConfig, load_run_config
from pipeline.config.tracking import TrackingSettings
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.errors import ConfigError, DataError, ModelError
from pipeline.evaluation.leakage import text_digests
from pipeline.evaluation.row_facts import RowFacts, TrainingFacts
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.tracking.alias_moves import set_alias
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import champion, list_models, resolve_model, roll_back
from pipeline.tracking.promotion import promote_checked
from pipeline.tracking.promotion_check import PromotionCheck, check_promotion
from pipeline.tracking.recorded_comparison import compare_and_record
from pipeline.training.tracked_training import TrainedModel, train_and_record

N = 200
PARENT = "mlflow.parentRunId"


def make_truth() -> NDArray[np.int8]:
    return (np.random.default_rng(0).random((N, 3)) < 0.4).astype(np.int8)


def spoil(truth: NDArray[np.int8], share: float, seed: int, rows: slice = slice(None)) -> NDArray[np.bool_]:
    wrong = np.zeros(truth.shape, bool)
    wrong[rows] = np.random.default_rng(seed).random(truth[rows].shape) < share
    return np.asarray(np.where(wrong, truth == 0, truth == 1), bool)


def facts() -> RowFacts:
    """Rows 0-99 are of channel "a" in English, 100-189 of "b" in Ukrainian, 190-199 of "c" in Ukrainian."""
    return RowFacts(
        sources=np.repeat(["a", "b", "c"], [100, 90, 10]),
        langs=np.repeat(["en", "uk"], 100),
        days=np.full(N, np.datetime64("2024-03-05", "D")),
        lengths=np.full(N, 100),
        posts=np.ones(N, int),
    )


def remember(
    bundle: ModelBundle,
    folder: Path,
    decided: NDArray[np.bool_],
    known: RowFacts | None,
    promotion: dict[str, Any] | None = None,
    **manifest: str,
) -> ModelBundle:
    """A bundle whose test fold was decided like this, trained with these promotion settings."""
    folder.mkdir(parents=True)
    predictions = TestPredictions(
        ids=np.array([f"row {i:03}" for i in range(N)]),
        clusters=np.arange(N),
        truth=make_truth(),
        calibrated=decided.astype(float),
        decided=decided,
        facts=known,
    )
    arrays: dict[str, Any] = predictions.to_arrays()
    np.savez(folder / "test_predictions.npz", **arrays)
    training: dict[str, Any] = TrainingFacts(np.array(["a"]), np.datetime64("2024-03-31", "D")).to_arrays()
    np.savez(folder / "training_texts.npz", digests=text_digests(["seen in training"]), **training)
    config = {"evaluation": {"bootstrap_samples": 200}, "promotion": promotion or {}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return replace(bundle, folder=folder, manifest={**bundle.manifest, "test_fingerprint": "t", **manifest})


def check(
    bundle: ModelBundle,
    folder: Path,
    champion_decides: NDArray[np.bool_],
    candidate_decides: NDArray[np.bool_],
    promotion: dict[str, Any] | None = None,
    *,
    known: RowFacts | None = None,
) -> PromotionCheck:
    held = remember(bundle, folder / "champion", champion_decides, known)
    new = remember(bundle, folder / "candidate", candidate_decides, known, promotion)
    return check_promotion(new, held)


def test_the_better_passes_and_the_worse_is_refused_with_the_numbers(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    truth = make_truth()
    good, bad = spoil(truth, 0.05, 1), spoil(truth, 0.25, 2)
    passed = check(tiny_bundle, tmp_path / "one", bad, good, known=facts())
    assert passed.refusals == ()
    assert (passed.comparison.macro_f1.gain.value or 0) > 0.1
    refused = check(tiny_bundle, tmp_path / "other", good, bad, known=facts())
    gain = refused.comparison.macro_f1.gain
    assert refused.refusals[0] == (
        f"macro-F1 gain {gain.value:+.3f}, interval {gain.low:+.3f} to {gain.high:+.3f}: the lower bound must lie "
        "above -0.020 (promotion.margin)"
    )
    assert {"language=en", "language=uk"} == {entry.name for entry in refused.slices}
    assert any("language=uk loses" in refusal for refusal in refused.refusals)
    assert json.loads(json.dumps(refused.to_json()))["n"] == N


def test_the_margin_is_on_the_lower_bound_and_is_the_candidates_own(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    decided = spoil(make_truth(), 0.1, 1)
    equal = check(tiny_bundle, tmp_path / "default", decided, decided, known=facts())
    assert equal.refusals == ()  # nothing is lost
    strict = check(tiny_bundle, tmp_path / "strict", decided, decided, {"margin": 0.0}, known=facts())
    (refusal,) = strict.refusals
    assert "the lower bound must lie above +0.000" in refusal
    other = spoil(make_truth(), 0.1, 2)  # as good, but the data cannot rule a loss out
    unsure = check(tiny_bundle, tmp_path / "unsure", decided, other, known=facts())
    assert unsure.comparison.macro_f1.gain.low is not None
    assert unsure.comparison.macro_f1.gain.low < -0.02
    assert "promotion.margin" in unsure.refusals[0]
    lenient = check(tiny_bundle, tmp_path / "lenient", decided, other, {"margin": -0.5}, known=facts())
    assert not any("promotion.margin" in refusal for refusal in lenient.refusals)


def test_a_protected_slice_may_not_lose_though_the_whole_gains(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    truth = make_truth()
    held = spoil(truth, 0.3, 1, slice(0, 100))  # bad in English, perfect in Ukrainian
    new = spoil(truth, 0.1, 2, slice(100, 200))  # the reverse, but less bad
    found = check(tiny_bundle, tmp_path / "default", held, new, known=facts())
    assert (found.comparison.macro_f1.gain.low or 0) > 0
    (refusal,) = found.refusals
    assert refusal.startswith("the protected slice language=uk loses 0.1")
    assert "more than 0.050 (promotion.largest_slice_loss)" in refusal
    assert found.slices[0].name == "language=uk"  # the largest loss first
    for name, settings in (
        ("none", {"protected_slices": []}),
        ("other", {"protected_slices": ["language=en"]}),
        ("allowed", {"largest_slice_loss": 0.5}),
    ):
        assert check(tiny_bundle, tmp_path / name, held, new, settings, known=facts()).refusals == ()


def test_a_protected_slice_that_cannot_be_judged_is_refused_if_named_and_noted_otherwise(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    same = spoil(make_truth(), 0.1, 1)

    def refusals(name: str, *protected: str, known: RowFacts | None = None) -> PromotionCheck:
        settings = {"protected_slices": list(protected)}
        return check(tiny_bundle, tmp_path / name, same, same, settings, known=known)

    few = refusals("few", "channel=c", known=facts())
    assert (
        "the protected slice channel=c cannot be judged: too few texts: 10 of at least 20" in few.refusals[0]
    )
    absent = refusals("absent", "channel=d", known=facts())
    assert "the protected slice channel=d has no text here" in absent.refusals[0]
    assert "--data FILE" in absent.refusals[0]
    dimension = refusals("dimension", "channel", known=facts())
    assert dimension.refusals == ()
    assert dimension.notes == ("protected slices with too few texts or positives to be judged: channel=c",)
    old = refusals("old", "channel=a")
    assert "neither bundle keeps" in old.refusals[0]
    assert refusals("old dimension", "language").refusals == ()
    assert "protected slices were not judged" in refusals("old note", "language").notes[0]
    english = replace(facts(), langs=np.full(200, "en"))
    assert (
        "the protected dimension language could not be judged"
        in refusals("one", "language", known=english).notes[-1]
    )


def test_rows_facts_of_the_champion_serve_a_candidate_that_has_none(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    same = spoil(make_truth(), 0.1, 1)
    held = remember(tiny_bundle, tmp_path / "champion", same, facts())
    new = remember(tiny_bundle, tmp_path / "candidate", same, None)
    assert {entry.name for entry in check_promotion(new, held).slices} == {"language=en", "language=uk"}


def test_other_test_rows_codebooks_and_frames_are_refused(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    same = spoil(make_truth(), 0.1, 1)
    held = remember(tiny_bundle, tmp_path / "champion", same, facts())
    elsewhere = remember(tiny_bundle, tmp_path / "elsewhere", same, facts(), test_fingerprint="another")
    with pytest.raises(DataError, match=r"tested on different rows .*--data FILE"):
        check_promotion(elsewhere, held)
    reworded = remember(tiny_bundle, tmp_path / "reworded", same, facts(), codebook_hash="e" * 64)
    assert "another codebook (eeeeeeeeeeee)" in check_promotion(reworded, held).refusals[0]
    fewer = Codebook(name="fewer", frames=tiny_bundle.codebook.frames[:2])
    with pytest.raises(DataError, match="code different frames"):
        check_promotion(replace(held, codebook=fewer), held)
    (elsewhere.folder / "config.json").write_text('{"promotion": {"margin": "much"}}', encoding="utf-8")
    with pytest.raises(ModelError, match="settings of promotion cannot be read"):
        check_promotion(elsewhere, held)


def test_a_labelled_file_replaces_the_test_fold_without_the_rows_that_were_learnt_from(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    same = spoil(make_truth(), 0.1, 1)
    held = remember(tiny_bundle, tmp_path / "champion", same, facts())
    new = remember(tiny_bundle, tmp_path / "candidate", same, facts(), test_fingerprint="another")
    texts = ["Seen in training!", *(f"the world order is changing, case {i} of {i * i}" for i in range(30))]
    path = tmp_path / "labelled.jsonl"

    def read(chosen: list[str]) -> LabelledData:
        path.write_text(
            "".join(json.dumps({"text": text, "labels": ["order"]}) + "\n" for text in chosen),
            encoding="utf-8",
        )
        return read_labelled(path, tiny_bundle.codebook)

    found = check_promotion(new, held, data=read(texts))
    assert found.n == 30
    assert found.notes[0] == "1 of 31 texts were left out: one of the two models has learnt from them"
    with pytest.raises(DataError, match="neither has seen"):
        check_promotion(new, held, data=read(texts[:1]))


@pytest.mark.parametrize("entry", ["colour", "channel=", "language:uk", ""])
def test_a_protected_slice_of_no_dimension_is_a_fault_of_the_config(entry: str) -> None:
    with pytest.raises(ValueError, match="expected a dimension"):
        PromotionSettings(protected_slices=(entry,))


def test_promotion_settings_are_read_from_a_config_file(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    overrides = ["promotion.margin=0", "promotion.protected_slices=[channel, language=uk]"]
    settings = load_run_config(path, overrides).promotion
    assert settings == PromotionSettings(margin=0.0, protected_slices=("channel", "language=uk"))
    with pytest.raises(ConfigError, match="protected_slices"):
        load_run_config(path, ["promotion.protected_slices=[colour]"])


# From here on with real models in a real store.

WORDS = {"storm": "storm thunder gale", "harvest": "harvest wheat granary"}


def write_config(folder: Path) -> Path:
    generator = np.random.default_rng(5)
    frames = [
        {"id": f, "name": f, "definition": f"Speaks of {f}.", "examples": [w]} for f, w in WORDS.items()
    ]
    book = Codebook.model_validate({"name": "weather", "frames": frames})
    rows = []
    for i in range(240):
        labels = [frame for frame in WORDS if generator.random() < 0.4]
        noise = [f"word{number}" for number in generator.integers(0, 4000, 9)]
        text = " ".join([*noise, *(word for frame in labels for word in WORDS[frame].split()[:2])])
        rows.append(
            {
                "id": f"r{i}",
                "text": text,
                "labels": labels,
                "source": f"channel {i % 3}",
                "lang": "en",
                "group": f"p{i}",
            }
        )
    return write_files(folder, book, rows, folds={"method": "cluster", "test_share": 0.3})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a config and data, and an sqlite store that the environment names while the tests run."""
    folder = tmp_path_factory.mktemp("promotion")
    write_config(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        yield folder


@pytest.fixture(scope="module")
def trained(store: Path) -> dict[str, TrainedModel]:
    """Versions 1 to 3 of "weather": a good model, one that finds hardly anything, one with another test fold."""
    changes = {"good": [], "blind": ["decisions.threshold=0.999"], "elsewhere": ["folds.seed=7"]}
    return {name: train(store, *overrides) for name, overrides in changes.items()}


def train(store: Path, *overrides: str) -> TrainedModel:
    config: RunConfig = load_run_config(store / "run.yaml", ["tracking.register_as=weather", *overrides])
    return train_and_record(config, lambda *_: None)


@pytest.fixture
def fresh(store: Path, trained: dict[str, TrainedModel]) -> None:  # noqa: ARG001 - they must be there
    """Version 1 is champion, whatever an earlier test has done."""
    client, _ = open_store()
    client.set_registered_model_alias("weather", "champion", "1")


def test_a_first_champion_needs_no_comparison(store: Path, trained: dict[str, TrainedModel]) -> None:
    assert [trained[name].version for name in ("good", "blind", "elsewhere")] == [1, 2, 3]
    client, _ = open_store()
    client.delete_registered_model_alias("weather", "champion")
    promotion = promote_checked("weather", 2, "somebody has to be")
    assert promotion.check is None
    assert promotion.refusals == ()
    assert promotion.move is not None
    assert not promotion.move.forced
    assert champion("weather") == 2
    better = promote_checked("weather", 1, "finds storms")
    assert better.refusals == ()
    assert champion("weather") == 1
    move = history_of("weather")[-1]
    assert (move.bundle_hash, move.previous_bundle_hash) == (
        trained["good"].bundle_hash,
        trained["blind"].bundle_hash,
    )
    assert move.figures is not None
    assert move.figures["gain"]["value"] > 0.3
    assert store.is_dir()


@pytest.mark.usefixtures("fresh")
def test_what_loses_is_refused_and_force_leaves_a_trace() -> None:
    refused = promote_checked("weather", 2, "quieter")
    assert refused.move is None
    assert refused.check is not None
    assert refused.check.slices == ()  # every row is in English: no slice of its own
    assert champion("weather") == 1
    assert "was not promoted over version 1: macro-F1 gain -" in refused.describe_refusal()
    assert "--force" in refused.describe_refusal()
    assert "the protected dimension language could not be judged" in refused.describe_refusal()
    forced = promote_checked("weather", 2, "quieter", force=True)
    assert forced.refusals == refused.refusals
    assert champion("weather") == 2
    move = history_of("weather")[-1]
    assert (move.forced, move.why, move.previous) == (True, "quieter", 1)
    assert move.who
    assert move.when
    assert move.figures is not None
    assert move.figures["refusals"][0].startswith("macro-F1 gain -")
    trace = json.loads(open_store()[0].get_model_version("weather", "2").tags["forced.champion"])
    assert trace == {key: getattr(move, key) for key in ("who", "when", "why", "figures")}
    assert roll_back("weather", "it missed every storm") == 1


@pytest.mark.usefixtures("fresh")
def test_force_that_was_not_needed_is_no_forced_move(trained: dict[str, TrainedModel], store: Path) -> None:
    again = train(store)
    assert again.bundle_hash == trained["good"].bundle_hash
    assert again.version is not None
    promotion = promote_checked("weather", again.version, "the same once more", force=True)
    assert promotion.move is not None
    assert not promotion.move.forced
    assert "forced.champion" not in open_store()[0].get_model_version("weather", str(again.version)).tags


@pytest.mark.usefixtures("fresh")
def test_another_test_fold_is_refused_until_a_labelled_file_decides(store: Path, tmp_path: Path) -> None:
    refused = promote_checked("weather", 3, "other folds")
    assert refused.check is None
    assert "tested on different rows" in refused.refusals[0]
    assert "--data FILE" in refused.refusals[0]
    other = tmp_path / "other"
    other.mkdir()
    write_config(other)
    rows = [json.loads(line) for line in (other / "labelled.jsonl").read_text("utf-8").splitlines()[:80]]
    path = other / "unseen.jsonl"
    path.write_text(
        "".join(
            json.dumps(row | {"text": " ".join(f"{word}{i}" for word in row["text"].split())}) + "\n"
            for i, row in enumerate(rows)
        ),
        encoding="utf-8",
    )
    decided = promote_checked("weather", 3, "other folds", data=path)
    assert decided.check is not None
    assert decided.check.n == 80
    with pytest.raises(DataError, match=r"nothing\.jsonl"):
        promote_checked("weather", 2, "why", data=store / "nothing.jsonl")


@pytest.mark.usefixtures("fresh")
def test_faults_of_the_call_are_no_refusals_and_force_does_not_help() -> None:
    with pytest.raises(ModelError, match="say why"):
        promote_checked("weather", 2, "  ", force=True)
    with pytest.raises(ModelError, match="champion already"):
        promote_checked("weather", 1, "again", force=True)
    with pytest.raises(ModelError, match="has no version 99"):
        promote_checked("weather", 99, "why", force=True)
    assert champion("weather") == 1


def test_only_force_replaces_a_champion_that_cannot_be_read(store: Path) -> None:
    client, _ = open_store()
    versions = [train(store, "tracking.register_as=broken").version for _ in range(2)]
    set_alias("broken", 1, "champion", "the first")
    damaged = resolve_model("models:/broken/1") / "decisions.json"
    damaged.write_text("{}", encoding="utf-8")
    assert "changed since it was written" in promote_checked("broken", 2, "mended").refusals[0]
    assert promote_checked("broken", 2, "mended", force=True).move is not None
    with pytest.raises(ModelError, match="changed since it was written"):
        promote_checked("broken", 1, "back to the damaged one", force=True)
    assert versions == [1, 2]
    assert client.get_registered_model("broken").aliases == {"champion": 2}


@pytest.mark.usefixtures("fresh")
def test_the_command_refuses_with_the_numbers_and_promotes_with_a_table() -> None:
    runner = CliRunner()
    refused = runner.invoke(app, ["promote", "weather", "2", "--why", "quieter"])
    assert refused.exit_code == 1
    assert "macro-F1 gain -" in refused.stderr
    assert refused.stdout == ""
    as_json = runner.invoke(app, ["promote", "weather", "2", "--why", "quieter", "--json"])
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["promoted"] is False
    forced = runner.invoke(app, ["promote", "weather", "2", "--why", "quieter", "--force"])
    assert forced.exit_code == 0
    assert "forced against: macro-F1 gain -" in forced.stdout
    assert "models:/weather@champion is now version 2 (before: version 1)" in forced.stdout


def tags_of(run_id: str) -> dict[str, str]:
    return dict(open_store()[0].get_run(run_id).data.tags)


def recorded(first: ModelBundle, second: ModelBundle, tracking: TrackingSettings | None = None) -> str:
    found = compare_and_record(first, second, EvaluationSettings(), tracking=tracking)
    assert found.run_id is not None
    return found.run_id


def test_a_comparison_becomes_the_parent_of_runs_that_have_none(store: Path) -> None:
    with MlflowTracker.start(TrackingSettings(), "study") as study:
        pass
    config = load_run_config(store / "run.yaml", ["decisions.threshold=0.3"])
    adopted = train_and_record(config, lambda *_: None, parent_run_id=study.run_id)
    orphan = train(store, "tracking.register_as=null")
    one, other = (load_bundle(resolve_model(f"runs:/{model.run_id}")) for model in (adopted, orphan))
    run_id = recorded(one, other)
    assert tags_of(orphan.run_id)[PARENT] == run_id
    assert tags_of(adopted.run_id)[PARENT] == study.run_id
    tags = tags_of(run_id)
    assert (tags["first_run_id"], tags["second_run_id"]) == (adopted.run_id, orphan.run_id)
    again = recorded(one, load_bundle(orphan.bundle))  # from the folder, not the store
    assert tags_of(again)["second_run_id"] == orphan.run_id
    assert tags_of(orphan.run_id)[PARENT] == run_id


def test_runs_of_other_experiments_are_linked_by_tags_alone(store: Path, tiny_bundle: ModelBundle) -> None:
    model = train(store, "tracking.register_as=null", "tracking.experiment=elsewhere")
    bundle = load_bundle(model.bundle)
    run_id = recorded(bundle, bundle, TrackingSettings(experiment="comparisons"))
    assert tags_of(run_id)["first_run_id"] == model.run_id
    assert PARENT not in tags_of(model.run_id)
    inside = recorded(bundle, bundle)  # recorded where the runs are
    client, _ = open_store()
    assert client.get_run(inside).info.experiment_id == client.get_run(model.run_id).info.experiment_id
    assert tags_of(model.run_id)[PARENT] == inside
    truth = make_truth()
    one = remember(tiny_bundle, store / "unknown", truth > 0, facts())
    strange = recorded(one, one)  # no run of this store trained it
    assert "first_run_id" not in tags_of(strange)


def test_the_compare_command_takes_runs_and_aliases(trained: dict[str, TrainedModel]) -> None:
    set_alias("weather", 2, "challenger", "to be compared")
    done = CliRunner().invoke(
        app, ["compare", f"runs:/{trained['good'].run_id}", "models:/weather@challenger", "--json"]
    )
    assert done.exit_code == 0, done.output
    run_id = json.loads(done.stdout)["run_id"]
    assert tags_of(run_id)["second_run_id"] == trained["blind"].run_id
    assert tags_of(trained["good"].run_id)[PARENT] == run_id


def test_new_experiments_open_in_the_view_for_trained_models(trained: dict[str, TrainedModel]) -> None:
    client, _ = open_store()
    experiment = client.get_experiment_by_name("narrative-frames")
    assert experiment is not None
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert {entry.name for entry in list_models()} >= {"weather"}
    assert trained["good"].registered == "weather"
