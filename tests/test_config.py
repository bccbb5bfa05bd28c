"""Run configs: what does not fit fails before any data is read, with the key's path and a way out."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config.model import BlendSettings, TfidfSettings, TransformerSettings
from pipeline.config.run_config import SAMPLE_FOLDER, load_run_config
from pipeline.errors import ConfigError

BASE = """
name: trial
data:
  codebook: codebook.yaml
  labelled: labelled.csv
model:
  kind: transformer
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`project/configs` with a config, its data in `project`, which is the current folder."""
    (tmp_path / "configs").mkdir()
    for name in ("codebook.yaml", "labelled.csv", "train.csv", "dev.csv", "test.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str = BASE) -> Path:
    path = folder / "configs" / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def with_change(change: Any) -> str:
    raw = yaml.safe_load(BASE)
    change(raw)
    return yaml.safe_dump(raw)


def test_a_minimal_config_gets_the_defaults_and_absolute_paths(folder: Path) -> None:
    config = load_run_config(write(folder))
    assert config.data.labelled == str(folder / "labelled.csv")
    assert config.data.codebook == str(folder / "codebook.yaml")
    assert config.model == TransformerSettings()
    assert config.decisions.threshold == "tuned"
    assert config.seed == 42


def test_a_read_config_cannot_be_changed(folder: Path) -> None:
    config = load_run_config(write(folder))
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 1  # type: ignore[misc]


# What does not fit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw.update(modle={}), r"modle: no such key \(did you mean 'model'\?\)"),
        (
            lambda raw: raw["model"].update(epoch=3),
            r"model\.epoch: no such key \(did you mean 'epochs'\?\), got 3",
        ),
        (
            lambda raw: raw.update(model={"kind": "tfidf", "c_gird": [1.0]}),
            r"model\.c_gird: no such key \(did you mean 'c_grid'\?\)",
        ),
        (
            lambda raw: raw.update(folds={"near_duplicate_threshold": 0.7}),
            r"folds.*near_duplicate_threshold.*is no more.*folds\.copy_similarity\. Remove the line",
        ),
        (lambda raw: raw["model"].update(epochs="many"), r"model\.epochs: .*integer.*got 'many'"),
        (lambda raw: raw["model"].update(epochs=2.5), r"model\.epochs: .*integer.*got 2\.5"),
        (lambda raw: raw["model"].update(epochs=True), r"model: 'epochs' cannot be true"),
        (lambda raw: raw["model"].update(epochs=0), r"model\.epochs: .*greater than or equal to 1, got 0"),
        (
            lambda raw: raw["model"].update(learning_rate=float("inf")),
            r"model\.learning_rate: .*finite.*got inf",
        ),
        (lambda raw: raw["model"].update(learning_rate=float("nan")), r"model\.learning_rate: .*got nan"),
        (lambda raw: raw["model"].update(kind="svm"), r"model: .*'svm'.*'tfidf', 'transformer', 'blend'"),
        (lambda raw: raw["model"].pop("kind"), r"model: .*'kind'"),
        (lambda raw: raw.update(model=None), r"model: .*got None"),
        (lambda raw: raw.update(name="a/b"), r"name: .*pattern.*got 'a/b'"),
        (lambda raw: raw.update(name=5), r"name: .*string.*, got 5"),
        (lambda raw: raw.update(seed=-1), r"seed: .*greater than or equal to 0, got -1"),
        (lambda raw: raw.update(folds={"test_share": 1.0}), r"folds\.test_share: .*less than 1, got 1\.0"),
        (
            lambda raw: raw.update(decisions={"threshold": 1.5}),
            r"decisions\.threshold: .*less than 1, got 1\.5",
        ),
        (
            lambda raw: raw.update(decisions={"threshold": "best"}),
            r"decisions\.threshold: .*'tuned', got 'best'",
        ),
        (lambda raw: raw["data"].pop("codebook"), r"data\.codebook: Field required"),
        (lambda raw: raw["data"].update(columns={"text": 3}), r"data\.columns\.text: .*string.*, got 3"),
    ],
)
def test_a_fault_is_told_with_the_path_of_its_key(folder: Path, change: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        load_run_config(write(folder, with_change(change)))
    assert "configs/run.yaml: this config does not fit" in str(told.value)


def test_all_faults_are_told_at_once(folder: Path) -> None:
    text = with_change(lambda raw: (raw.update(seed="x"), raw["model"].update(epochs=0, nonsense=1)))
    with pytest.raises(ConfigError) as told:
        load_run_config(write(folder, text))
    assert all(key in str(told.value) for key in ("seed:", "model.epochs:", "model.nonsense:"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"labelled": "labelled.csv", "train": "train.csv", "test": "test.csv"}, "not both"),
        ({"labelled": "labelled.csv", "dev": "dev.csv"}, "not both"),
        ({"train": "train.csv"}, "or both 'train' and 'test'"),
        ({"test": "test.csv", "dev": "dev.csv"}, "or both 'train' and 'test'"),
        ({}, "or both 'train' and 'test'"),
        ({"labelled": ""}, "or both 'train' and 'test'"),
    ],
)
def test_data_is_given_in_one_way(folder: Path, data: dict[str, str], message: str) -> None:
    text = with_change(lambda raw: raw.update(data={"codebook": "codebook.yaml", **data}))
    with pytest.raises(ConfigError, match=message):
        load_run_config(write(folder, text))


def test_train_and_test_files_are_found_with_and_without_dev(folder: Path) -> None:
    files = {"codebook": "codebook.yaml", "train": "train.csv", "test": "test.csv"}
    config = load_run_config(write(folder, with_change(lambda raw: raw.update(data=files))))
    assert (config.data.test, config.data.dev) == (str(folder / "test.csv"), None)
    files["dev"] = "dev.csv"
    config = load_run_config(write(folder, with_change(lambda raw: raw.update(data=files))))
    assert config.data.dev == str(folder / "dev.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", r"run\.yaml, line 1: not valid YAML"),
        ("- a list", "expected a mapping of keys at the top level, got list"),
        ("", "expected a mapping of keys at the top level, got NoneType"),
        (BASE + "name: again\n", r"line 8: not valid YAML: the key 'name' stands twice"),
        ("name: 2024-13-45\n", r"run\.yaml: not valid YAML: .*month"),
        ("a: &x 1\nb: *x\n", "YAML aliases"),
    ],
)
def test_a_file_that_is_no_config_is_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_run_config(write(folder, text))


def test_a_missing_config_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such config file"):
        load_run_config(folder / "none.yaml")


# Where data is looked up


def test_a_missing_file_names_key_and_both_places(folder: Path) -> None:
    path = write(folder, BASE.replace("labelled.csv", "data/missing.csv"))
    with pytest.raises(ConfigError) as told:
        load_run_config(path)
    assert "key 'data.labelled'" in str(told.value)
    assert str(folder / "configs" / "data" / "missing.csv") in str(told.value)
    assert f" nor {folder / 'data' / 'missing.csv'}" in str(told.value)


def test_a_folder_is_no_data_file(folder: Path) -> None:
    (folder / "labels").mkdir()
    with pytest.raises(ConfigError, match="no such file"):
        load_run_config(write(folder, BASE.replace("labelled.csv", "labels")))


def test_two_files_of_one_name_are_ambiguous_unless_they_are_one(folder: Path) -> None:
    path = write(folder)
    (folder / "configs" / "labelled.csv").symlink_to(folder / "labelled.csv")
    assert load_run_config(path).data.labelled == str(folder / "labelled.csv")
    (folder / "configs" / "labelled.csv").unlink()
    (folder / "configs" / "labelled.csv").write_text("other", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ambiguous: both .* give an absolute path"):
        load_run_config(path)
    config = load_run_config(path, [f"data.labelled={folder / 'labelled.csv'}"])
    assert config.data.labelled == str(folder / "labelled.csv")


def test_the_place_of_the_config_counts_and_not_only_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder, BASE.replace(": codebook", ": ../codebook").replace(": labelled", ": ../labelled"))
    monkeypatch.chdir("/")
    assert load_run_config(path).data.labelled == str(folder / "labelled.csv")


def test_the_sample_is_found_from_anywhere(folder: Path) -> None:
    text = BASE.replace("codebook: codebook.yaml", "codebook: sample:codebook.yaml")
    assert load_run_config(write(folder, text)).data.codebook == str(SAMPLE_FOLDER / "codebook.yaml")
    with pytest.raises(ConfigError, match=r"data\.codebook.*no such file.*nothing\.yaml"):
        load_run_config(write(folder, text.replace("sample:codebook", "sample:nothing")))


# Overrides


@pytest.mark.parametrize(
    ("override", "keys", "expected"),
    [
        ("seed=7", ("seed",), 7),
        ("model.epochs=2", ("model", "epochs"), 2),
        ("model.learning_rate=1e-4", ("model", "learning_rate"), 1e-4),
        ("model.learning_rate=5E-5", ("model", "learning_rate"), 5e-5),
        ("decisions.threshold=0.4", ("decisions", "threshold"), 0.4),
        ("decisions.threshold=1e-2", ("decisions", "threshold"), 0.01),
        ("decisions.threshold=tuned", ("decisions", "threshold"), "tuned"),
        ("folds.hold_out_sources=[a, b c]", ("folds", "hold_out_sources"), ("a", "b c")),
        ("tracking.register_as=null", ("tracking", "register_as"), None),
        ("tracking.uri=sqlite:///a=b.db", ("tracking", "uri"), "sqlite:///a=b.db"),
        ("data.columns.text=sentence", ("data", "columns"), {"text": "sentence"}),
        ("data.columns.text=nan", ("data", "columns"), {"text": "nan"}),
        ("name=infinity", ("name",), "infinity"),
        ("tracking.experiment='2024'", ("tracking", "experiment"), "2024"),
        (" model.epochs =3", ("model", "epochs"), 3),
    ],
)
def test_an_override_reaches_its_key(
    folder: Path, override: str, keys: tuple[str, ...], expected: object
) -> None:
    value: Any = load_run_config(write(folder), [override])
    for key in keys:
        value = getattr(value, key)
    assert value == expected
    assert type(value) is type(expected)


def test_an_exponent_is_a_number_in_the_file_as_well(folder: Path) -> None:
    model = load_run_config(write(folder, BASE + "  learning_rate: 1e-4\n")).model
    assert isinstance(model, TransformerSettings)
    assert model.learning_rate == 1e-4


def test_another_kind_of_model_takes_keys_of_its_own(folder: Path) -> None:
    config = load_run_config(
        write(folder), ["model.kind=blend", "model.tfidf.min_df=1", "model.transformer.epochs=1"]
    )
    assert config.model == BlendSettings(
        tfidf=TfidfSettings(min_df=1), transformer=TransformerSettings(epochs=1)
    )


def test_later_overrides_win(folder: Path) -> None:
    assert load_run_config(write(folder), ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", r"--set seed: expected key=value, for example --set model\.epochs=2"),
        ("=3", "expected key=value"),
        ("seed=[1", "is not a YAML value"),
        ("seed=2024-13-45", "is not a YAML value"),
        ("seed.deep=1", r"seed: .*integer, got \{'deep': 1\}"),
        ("name.deep=1", "'name' is a value, not a section"),
        ("model.nonsense=1", r"model\.nonsense: no such key, got 1"),
        ("nonsense.key=1", r"nonsense: no such key"),
        ("model.epochs=two", r"model\.epochs: .*integer.*got 'two'"),
        ("model.kind=tfidf", None),
    ],
)
def test_an_override_that_does_not_fit_is_refused(folder: Path, override: str, message: str | None) -> None:
    if message is None:
        assert load_run_config(write(folder), [override]).model == TfidfSettings()
        return
    with pytest.raises(ConfigError, match=message):
        load_run_config(write(folder), [override])


@settings(deadline=None, max_examples=150)
@given(
    key=st.sampled_from(["seed", "model.epochs", "name", "data.columns.text", "a.b"]),
    value=st.text(max_size=12),
)
def test_no_override_is_a_crash(key: str, value: str) -> None:
    with contextlib.suppress(ConfigError):
        load_run_config(SAMPLE_RUN, [f"{key}={value}"])


SAMPLE_RUN = Path(__file__).parent.parent / "configs" / "runs" / "sample_baseline.yaml"


def test_a_path_with_dots_in_a_config_starts_from_the_config_and_one_typed_is_not_guessed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "configs").mkdir(exist_ok=True)
    path = folder / "configs" / "dots.yaml"
    text = BASE.replace("labelled.csv", "../labelled.csv").replace("codebook.yaml", "../codebook.yaml")
    path.write_text(text, encoding="utf-8")
    here = folder / "elsewhere" / "project"
    here.mkdir(parents=True)
    (here.parent / "labelled.csv").write_text("text,labels\n", encoding="utf-8")
    monkeypatch.chdir(here)
    assert load_run_config(path).data.labelled == str(folder / "labelled.csv")
    with pytest.raises(ConfigError, match="ambiguous"):
        load_run_config(path, ["data.labelled=../labelled.csv"])
