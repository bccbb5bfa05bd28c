"""Bundles: the same model after a round trip; refused when anything in them is not what was written."""

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import FRAMES, codebook, each_its_own_cluster, quiet_context, toy_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import bundle as model_bundle
from pipeline.bundle import load_bundle, read_manifest, save_bundle
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.config.decisions import DecisionSettings
from pipeline.config.model import TfidfSettings
from pipeline.errors import ModelError
from pipeline.files.file_hashes import hash_files
from pipeline.measures.decision_rule import fit_decision_rule

ROWS = toy_rows(40)
TEXTS = ["great powers", "missile base переговоры мир", ""]


def fit_baseline() -> TfidfBaseline:
    model = TfidfBaseline(
        TfidfSettings(min_df=1, c_grid=(10.0,), char_ngrams=None), FRAMES, single_label=False
    )
    model.fit(ROWS, None, each_its_own_cluster(ROWS), quiet_context(Path()))
    return model


@pytest.fixture(scope="module")
def model() -> TfidfBaseline:
    return fit_baseline()


def write(folder: Path, classifier: TfidfBaseline, *, threshold: float = 0.4, **changes: Any) -> Path:
    rule = fit_decision_rule(
        classifier.predict_proba(list(ROWS.table["text"])),
        ROWS.indicator(),
        DecisionSettings(threshold=threshold),
        single_label=False,
    )
    content: dict[str, Any] = {
        "name": "toy",
        "classifier": classifier,
        "codebook": codebook(),
        "decisions": rule,
        "config": {"seed": 3},
        "metrics": {"macro_f1": 0.5},
        "provenance": {"dataset_fingerprint": "abc", "figures": {"seconds": 1.25}, "notes": ["кириллица"]},
        "arrays": {"numbers": {"some": np.arange(3), "names": np.array(["a", "миp"])}},
    }
    return save_bundle(folder, **{**content, **changes})


@pytest.fixture
def bundle(model: TfidfBaseline, tmp_path: Path) -> Path:
    return write(tmp_path / "bundle", model)


def test_a_round_trip_gives_the_same_model(model: TfidfBaseline, bundle: Path) -> None:
    read = load_bundle(bundle)
    calibrated, decided = read.predict(TEXTS)
    expected = read.decisions.calibrate(model.predict_proba(TEXTS))
    np.testing.assert_array_equal(calibrated, expected)
    np.testing.assert_array_equal(decided, expected >= 0.4)
    assert read.frame_ids == FRAMES
    assert read.codebook == codebook()
    assert read.metrics == {"macro_f1": 0.5}
    assert read.manifest["dataset_fingerprint"] == "abc"
    assert read.manifest["notes"] == ["кириллица"]
    assert read.model_id == f"toy@{read.bundle_hash[:12]}"
    assert read.read_arrays("numbers")["names"].tolist() == ["a", "миp"]


def test_a_copied_or_moved_bundle_is_the_same(bundle: Path, tmp_path: Path) -> None:
    moved = tmp_path / "другое место"
    shutil.copytree(bundle, moved)
    assert load_bundle(moved).bundle_hash == load_bundle(bundle).bundle_hash


def test_the_hash_names_what_decides_a_score(model: TfidfBaseline, bundle: Path, tmp_path: Path) -> None:
    def hash_of(folder: Path) -> str:
        return load_bundle(folder).bundle_hash

    first = hash_of(bundle)
    assert hash_of(write(tmp_path / "trained-again", fit_baseline())) == first
    other_record: dict[str, Any] = {"name": "other", "metrics": {}, "provenance": {"seed": 9}, "arrays": {}}
    assert hash_of(write(tmp_path / "recorded-otherwise", model, **other_record)) == first
    assert hash_of(write(tmp_path / "threshold", model, threshold=0.41)) != first
    assert hash_of(write(tmp_path / "codebook", model, codebook=codebook(version="2"))) != first


# Anything changed is refused


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_anywhere_is_noticed(bundle: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files_of(bundle)))
    whole = path.read_bytes()
    place, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    damaged = bytearray(whole)
    damaged[place] ^= 1 << bit
    path.write_bytes(damaged)
    try:
        with pytest.raises(ModelError):
            load_bundle(bundle)
    finally:
        path.write_bytes(whole)


def test_every_changed_or_missing_file_is_named(bundle: Path) -> None:
    for path in files_of(bundle):
        if path.name == "bundle.json":
            continue
        whole = path.read_bytes()
        path.write_bytes(whole + b" ")
        with pytest.raises(ModelError, match=f"{path.name}: changed since it was written"):
            load_bundle(bundle)
        path.unlink()
        with pytest.raises(ModelError, match=f"{path.name}: missing"):
            load_bundle(bundle)
        path.write_bytes(whole)
    load_bundle(bundle)


@pytest.mark.parametrize("name", ["more.json", "classifier/more.bin", ".hidden", "new/bundle.json"])
def test_a_file_too_many_is_refused(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="not listed in the manifest"):
        load_bundle(bundle)


@pytest.mark.parametrize("name", ["metrics.json", "classifier", "bundle.json"])
def test_a_link_is_refused_even_to_the_right_content(bundle: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    (bundle / name).rename(outside)
    (bundle / name).symlink_to(outside)
    with pytest.raises(ModelError, match="a bundle holds no links"):
        load_bundle(bundle)


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_another_format_is_refused_with_both_numbers(bundle: Path, found: object) -> None:
    rewrite_manifest(bundle, format=found)
    with pytest.raises(ModelError, match=rf"bundle format {found!r}; this version reads 1"):
        load_bundle(bundle)


def test_a_folder_that_is_no_bundle_says_what_to_give(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match=r"not a model bundle .* `frames train`"):
            load_bundle(folder)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "null", "[" * 100_000, '{"format": 1}', '{"format": 1, "files": []}', "\x00"]
)
def test_a_manifest_that_is_not_one_is_refused(bundle: Path, content: str) -> None:
    (bundle / "bundle.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"bundle\.json"):
        read_manifest(bundle)


@pytest.mark.parametrize(
    "changes", [{"files": ["metrics.json"]}, {"files": {"metrics.json": 1}}, {"name": None}, {"kind": 5}]
)
def test_a_manifest_with_values_of_other_types_is_refused(bundle: Path, changes: dict[str, Any]) -> None:
    rewrite_manifest(bundle, **changes)
    with pytest.raises(ModelError, match=r"bundle\.json"):
        load_bundle(bundle)


# A forger makes the hashes fit; what then remains is that nothing read can run


def rewrite_manifest(folder: Path, **changes: Any) -> None:
    manifest = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    manifest |= changes
    manifest["manifest_hash"] = model_bundle.hash_manifest(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")


def forge(folder: Path, **changes: Any) -> None:
    hashes = hash_files(folder)
    hashes.pop("bundle.json")
    rewrite_manifest(folder, files=hashes, bundle_hash=model_bundle.hash_bundle(hashes), **changes)


class Payload:
    """Unpickled, it makes a folder: the proof that something ran."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.proof),)


def as_npz(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def object_array(proof: Path) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([Payload(proof)], dtype=object), allow_pickle=True)
    return stream.getvalue()


def planted(kind: str, proof: Path) -> bytes:
    if kind == "pickle":
        return pickle.dumps(Payload(proof))
    if kind == "pickle inside a zip":
        return as_npz(weights=pickle.dumps(Payload(proof)))
    return as_npz(weights=object_array(proof), offsets=object_array(proof))


def test_the_payload_would_run(tmp_path: Path) -> None:
    pickle.loads(planted("pickle", tmp_path / "proof"))
    assert (tmp_path / "proof").is_dir()


@pytest.mark.parametrize("kind", ["pickle", "pickle inside a zip", "object array"])
@pytest.mark.parametrize("name", ["classifier/weights.npz", "numbers.npz"])
def test_a_planted_pickle_is_refused_and_not_run(bundle: Path, tmp_path: Path, kind: str, name: str) -> None:
    proof = tmp_path / "proof"
    (bundle / name).write_bytes(planted(kind, proof))
    forge(bundle)
    with pytest.raises(ModelError, match=str(bundle)):
        load_bundle(bundle).read_arrays("numbers")
    assert not proof.exists()


@pytest.mark.parametrize("kind", ["pickle", "joblib", "../tfidf", "onnx.evil"])
def test_a_kind_that_we_do_not_write_is_refused(bundle: Path, kind: str) -> None:
    forge(bundle, kind=kind)
    with pytest.raises(ModelError, match="unknown kind of classifier"):
        load_bundle(bundle)


def replace_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda rule: rule["thresholds"].pop(),
        lambda rule: rule["calibrator"]["slopes"].append(1.0),
        lambda rule: rule["calibrator"].update(offsets=[0.0]),
        lambda rule: rule.update(thresholds="0.5"),
        lambda rule: rule.pop("calibrator"),
        lambda rule: rule.update(calibrator=None),
        lambda rule: rule.update(single_label=True),
    ],
)
def test_decisions_that_do_not_fit_the_codebook_are_refused(
    bundle: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    replace_json(bundle / "decisions.json", change)
    forge(bundle)
    with pytest.raises(ModelError, match="decisions"):
        load_bundle(bundle)


def test_columns_in_another_order_are_refused(bundle: Path) -> None:
    replace_json(bundle / "classifier" / "classifier.json", lambda described: described["labels"].reverse())
    forge(bundle)
    with pytest.raises(ModelError, match="columns are not the codebook's frames"):
        load_bundle(bundle)


def test_another_codebook_is_refused(bundle: Path) -> None:
    replace_json(bundle / "codebook.json", lambda content: content.update(name="another"))
    forge(bundle)
    with pytest.raises(ModelError, match="codebook is not the one that the manifest names"):
        load_bundle(bundle)


# Writing


def test_an_existing_destination_is_left_alone(model: TfidfBaseline, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ModelError, match="exists already"):
        write(tmp_path / "taken", model)
    assert [path.name for path in files_of(tmp_path)] == ["notes.txt"]


def test_bundles_that_want_one_name_are_numbered(model: TfidfBaseline, tmp_path: Path) -> None:
    folders = [write(tmp_path / "run", model, numbered=True) for _ in range(3)]
    assert [folder.name for folder in folders] == ["run", "run-2", "run-3"]
    assert len({load_bundle(folder).bundle_hash for folder in folders}) == 1


@pytest.mark.parametrize("interruption", [OSError("disk full"), KeyboardInterrupt()])
def test_nothing_is_left_when_saving_fails_half_way(tmp_path: Path, interruption: BaseException) -> None:
    class HalfWritten(TfidfBaseline):
        def save(self, folder: Path) -> None:
            super().save(folder)
            raise interruption

    broken = HalfWritten(TfidfSettings(min_df=1, c_grid=(1.0,)), FRAMES, single_label=False)
    broken.fit(ROWS, None, each_its_own_cluster(ROWS), quiet_context(Path()))
    with pytest.raises(type(interruption)):
        write(tmp_path / "runs" / "bundle", broken)
    assert list((tmp_path / "runs").iterdir()) == []


def test_arrays_of_objects_are_not_written(model: TfidfBaseline, tmp_path: Path) -> None:
    arrays = {"planted": {"some": np.array([{}], dtype=object)}}
    with pytest.raises(ValueError, match="allow_pickle"):
        write(tmp_path / "bundle", model, arrays=arrays)
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_were_never_saved_are_an_error_with_their_path(bundle: Path) -> None:
    with pytest.raises(ModelError, match=r"other\.npz"):
        load_bundle(bundle).read_arrays("other")


def test_reading_a_bundle_writes_nothing(bundle: Path) -> None:
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files_of(bundle)}
    read = load_bundle(bundle)
    read.predict(TEXTS)
    replace(read, metrics={}).read_arrays("numbers")
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files_of(bundle)} == before
