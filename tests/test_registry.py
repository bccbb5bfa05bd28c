import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alias_history import history_of
from rich.console import Console

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.commands.result_tables import print_models
from pipeline.config.tracking import TrackingSettings
from pipeline.errors import ModelError, PipelineError
from pipeline.tracking.alias_moves import set_alias
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_files import fetch_bundle
from pipeline.tracking.model_registry import (
    champion,
    list_models,
    promote,
    register_bundle,
    resolve_model,
    roll_back,
)


@pytest.fixture(scope="module")
def run_id(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Iterator[str]:
    """A run that has logged the tiny bundle, in the store that the environment names while the tests run."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('registry') / 'mlflow.db'}"
    with MlflowTracker.start(TrackingSettings(uri=uri), "run") as tracker:
        tracker.log_bundle(tiny_bundle.folder)
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = uri
    yield tracker.run_id
    if before is None:
        del os.environ["MLFLOW_TRACKING_URI"]
    else:
        os.environ["MLFLOW_TRACKING_URI"] = before


def register(run_id: str, name: str, bundle: ModelBundle, **changes: Any) -> int:
    return register_bundle(run_id, name, {**bundle.manifest, **changes}, macro_f1=0.625)


def test_a_version_says_what_it_is_and_who_registered_it_when_and_why(
    run_id: str, tiny_bundle: ModelBundle
) -> None:
    manifest = {**tiny_bundle.manifest, "dataset_fingerprint": "d" * 64}
    version = register_bundle(run_id, "described", manifest, macro_f1=0.625, why="a first try")
    set_alias("described", version, "candidate", "to be looked at")
    (entry,) = [entry for entry in list_models() if entry.name == "described"]
    assert entry.version == version == 1
    assert entry.aliases == ("candidate",)
    assert entry.bundle_hash == tiny_bundle.bundle_hash
    assert entry.codebook_hash == tiny_bundle.codebook.content_hash
    assert (entry.dataset_fingerprint, entry.macro_f1, entry.kind) == ("d" * 64, 0.625, "tfidf")
    assert (entry.run_id, entry.why) == (run_id, "a first try")
    assert entry.who
    assert entry.when
    assert json.loads(json.dumps(entry.to_json()))["aliases"] == ["candidate"]


def test_unknown_figures_are_left_out(run_id: str, tiny_bundle: ModelBundle) -> None:
    register_bundle(run_id, "bare", tiny_bundle.manifest, macro_f1=None)
    (entry,) = [entry for entry in list_models() if entry.name == "bare"]
    assert entry.macro_f1 is None
    assert entry.dataset_fingerprint is None
    open_store()[0].set_model_version_tag("bare", "1", "macro_f1", "very good")
    assert [entry.macro_f1 for entry in list_models() if entry.name == "bare"] == [None]


def test_promotion_and_roll_back_are_undone_in_order_and_kept(run_id: str, tiny_bundle: ModelBundle) -> None:
    for head in "abc":
        register(run_id, "frames", tiny_bundle, bundle_hash=head * 64)
    assert champion("frames") is None
    with pytest.raises(ModelError, match="no champion before the present one"):
        roll_back("frames", "nothing there")
    move = promote("frames", 1, "the first")
    assert (move.previous, move.bundle_hash, move.previous_bundle_hash) == (None, "a" * 64, None)
    promote("frames", 2, "лучше")
    promote("frames", 3, "better still")
    assert champion("frames") == 3
    assert roll_back("frames", "too many false alarms") == 2
    assert champion("frames") == 2
    assert roll_back("frames", "worse than the first") == 1
    with pytest.raises(ModelError, match=r"no champion before the present one \(version 1\)"):
        roll_back("frames", "once more")
    promote("frames", 3, "mended")
    assert roll_back("frames", "was not") == 1
    history = history_of("frames")
    assert [(m.event, m.previous, m.version) for m in history] == [
        ("set", None, 1),
        ("set", 1, 2),
        ("set", 2, 3),
        ("roll back", 3, 2),
        ("roll back", 2, 1),
        ("set", 1, 3),
        ("roll back", 3, 1),
    ]
    assert history[1].why == "лучше"
    assert (history[3].bundle_hash, history[3].previous_bundle_hash) == ("b" * 64, "c" * 64)
    assert all(m.who and m.when for m in history)


def test_a_champion_set_by_other_means_can_be_returned_to(run_id: str, tiny_bundle: ModelBundle) -> None:
    for _ in range(3):
        register(run_id, "by hand", tiny_bundle)
    client, _ = open_store()
    client.set_registered_model_alias("by hand", "champion", "2")
    promote("by hand", 3, "newer")
    assert roll_back("by hand", "back") == 2


def test_another_codebook_needs_force(run_id: str, tiny_bundle: ModelBundle) -> None:
    register(run_id, "books", tiny_bundle)
    register(run_id, "books", tiny_bundle, codebook_hash="e" * 64)
    promote("books", 1, "the first")
    with pytest.raises(ModelError, match=r"another codebook \(eeeeeeeeeeee\).*force"):
        promote("books", 2, "new codebook")
    assert champion("books") == 1
    promote("books", 2, "new codebook, and we know it", force=True)
    assert champion("books") == 2


def test_what_cannot_be_promoted_is_refused(run_id: str, tiny_bundle: ModelBundle) -> None:
    register(run_id, "strict", tiny_bundle)
    with pytest.raises(ModelError, match=r"'strict' has no version 9.*strict \(versions: 1; aliases: none\)"):
        promote("strict", 9, "why not")
    with pytest.raises(ModelError, match="say why"):
        promote("strict", 1, "  ")
    promote("strict", 1, "good")
    with pytest.raises(ModelError, match="champion already"):
        promote("strict", 1, "again")
    for alias in ("latest", "v2", "a b", "", "1"):
        with pytest.raises(ModelError, match="expected letters"):
            set_alias("strict", 1, alias, "why")
    for name in ("a/b", "a:b", "", "..", "a'b", "models@x"):
        with pytest.raises(ModelError, match="cannot name a registered model"):
            register(run_id, name, tiny_bundle)
    with pytest.raises(ModelError, match="no registered model 'unheard of'"):
        promote("unheard of", 1, "why")


def test_every_kind_of_name_resolves_to_the_same_verified_bundle(
    run_id: str, tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the store is found from any folder
    register(run_id, "resolved", tiny_bundle)
    promote("resolved", 1, "good")
    by_alias = resolve_model("models:/resolved@champion")
    assert load_bundle(by_alias).bundle_hash == tiny_bundle.bundle_hash
    assert by_alias == resolve_model("models:/resolved/1") == resolve_model(f"runs:/{run_id}")
    assert by_alias == resolve_model(f"runs:/{run_id}/model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("models:/nobody@champion", r"no registered model 'nobody'\. .*listed \(versions: 1, 2; aliases: new -> 2\)"),
        ("models:/listed@champion", r"'listed' has no alias 'champion': frames promote listed \d+ --why .*There are: "),
        ("models:/listed/7", r"'listed' has no version 7"),
        ("models:/m-0123456789abcdef", "no logged model"),
        ("runs:/0123456789abcdef0123456789abcdef", "no run"),
        ("models:/listed", "names no model; expected models:/NAME@champion"),
        ("models:/../../etc/1", "names no model"),
        ("https://example.org/model", "names no model"),
        ("models:/it's@champion", "no registered model 'it's'"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_answered_with_what_there_is(
    run_id: str, tiny_bundle: ModelBundle, model: str, message: str
) -> None:
    if not [entry for entry in list_models() if entry.name == "listed"]:
        register(run_id, "listed", tiny_bundle)
        set_alias("listed", register(run_id, "listed", tiny_bundle), "new", "to be tried")
    with pytest.raises(ModelError, match=message):
        resolve_model(model)


def test_files_other_than_those_registered_are_refused(run_id: str, tiny_bundle: ModelBundle) -> None:
    register(run_id, "exchanged", tiny_bundle, bundle_hash="f" * 64)
    with pytest.raises(ModelError, match="but ffffffffffff was registered"):
        resolve_model("models:/exchanged/1")


def test_a_model_of_another_kind_is_no_bundle(run_id: str, tmp_path: Path) -> None:  # noqa: ARG001 - the store
    client, _ = open_store()
    client.create_registered_model("foreign")
    client.create_model_version("foreign", source=(tmp_path / "somewhere").as_uri())
    with pytest.raises(ModelError, match="not trained by narrative-frames"):
        resolve_model("models:/foreign/1")


def test_a_run_without_a_model_cannot_be_registered(run_id: str, tiny_bundle: ModelBundle) -> None:
    with MlflowTracker.start(TrackingSettings(), "empty") as tracker:
        pass
    with pytest.raises(ModelError, match="has logged no model 'model'"):
        register(tracker.run_id, "empty", tiny_bundle)
    assert "empty" not in {entry.name for entry in list_models()}
    assert run_id != tracker.run_id


def test_more_versions_than_fit_on_a_page_are_all_listed(run_id: str, tiny_bundle: ModelBundle) -> None:
    client, _ = open_store()
    register(run_id, "many", tiny_bundle)
    for _ in range(104):
        client.create_model_version("many", source="models:/many/1")
    assert [entry.version for entry in list_models() if entry.name == "many"] == list(range(105, 0, -1))


def test_reading_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for read in (list_models, lambda: resolve_model("models:/a@champion"), lambda: champion("a")):
        with pytest.raises(PipelineError, match="there is no MLflow store"):
            read()
    assert not list(tmp_path.iterdir())


def test_models_are_listed_with_the_minute_of_their_registration(
    run_id: str, tiny_bundle: ModelBundle
) -> None:
    register(run_id, "timed", tiny_bundle)
    (entry,) = [entry for entry in list_models() if entry.name == "timed"]
    screen = Console(record=True, width=120)
    print_models(
        screen, [entry, replace(entry, when="2026-11-25T09:03:07.123456+02:00"), replace(entry, when="x")]
    )
    lines = screen.export_text().splitlines()
    assert any("2026-11-25 07:03" in line and "tfidf" in line and "timed" in line for line in lines)


def test_a_project_that_was_moved_finds_its_models_beside_the_store(
    tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    store, stored = (
        tmp_path / "moved" / "mlflow.db",
        tmp_path / "old" / "mlruns" / "1" / "models" / "m-1" / "artifacts",
    )
    beside = tmp_path / "moved" / "mlruns" / "1" / "models" / "m-1" / "artifacts" / "data"
    shutil.copytree(tiny_bundle.folder, beside / "bundle")
    found = fetch_bundle(stored.as_uri(), f"sqlite:///{store}")
    assert found == beside / "bundle"
    shutil.rmtree(tmp_path / "moved")
    with pytest.raises(
        ModelError, match=r"the project was moved .* Move mlruns beside .*mlflow\.db, or give"
    ):
        fetch_bundle(stored.as_uri(), f"sqlite:///{store}")
