"""`frames init`: a skeleton whose files load, and a codebook drafted from labels; nothing is overwritten."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.annotation.record_files import write_records
from pipeline.annotation.sample_files import write_sample
from pipeline.cli import app
from pipeline.commands.result_tables import print_check
from pipeline.commands.terminal import console
from pipeline.config.project import load_project
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.new_project import init_project
from pipeline.errors import DataError
from pipeline.training.check_inputs import check_run


def write_labels(path: Path, labels: list[str]) -> Path:
    rows = "".join(f'A sentence number {i}.,"{label}"\n' for i, label in enumerate(labels))
    path.write_text("text,labels\n" + rows, encoding="utf-8")
    return path


def check_that_everything_loads(folder: Path) -> None:
    kinds = {
        "baseline": "tfidf",
        "blend": "blend",
        "transformer": "transformer",
    }
    assert {path.stem for path in (folder / "configs").iterdir()} == set(kinds)
    assert load_project(folder).settings.model.endswith("@champion")
    for name, kind in kinds.items():
        config = load_run_config(folder / "configs" / f"{name}.yaml")
        assert config.model.kind == kind
        codebook = load_codebook(Path(config.data.codebook))
        assert Path(config.data.codebook) == (folder / "codebook.yaml").resolve()
        assert config.data.labelled is not None
        assert len(read_labelled(Path(config.data.labelled), codebook)) > 0


@pytest.mark.parametrize("mode", ["multi_label", "single_label"])
def test_the_skeleton_loads_in_either_mode(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "new" / "project"
    written, _ = init_project(folder, mode=mode)  # type: ignore[arg-type]
    assert sorted(written) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert load_codebook(folder / "codebook.yaml").mode == mode
    check_that_everything_loads(folder)
    assert (folder / "exports").is_dir()
    assert "exports/" in (folder / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "name",
    ["2024", "null", "yes", "1e5", "проект №1", "it's: a #test", "{braces}", "a" * 150, "- dash", '"quoted"'],
)
def test_any_folder_name_gives_configs_that_load(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    init_project(folder)
    check_that_everything_loads(folder)
    config = load_run_config(folder / "configs" / "baseline.yaml")
    assert config.tracking.register_as == config.tracking.experiment
    assert config.tracking.experiment


@pytest.mark.parametrize("mode", ["multi_label", "single_label"])
def test_labels_draft_a_codebook_that_says_it_is_a_draft(tmp_path: Path, mode: str) -> None:
    labels = write_labels(tmp_path / "my labels.csv", ["threat", "the order", "1", "yes", "_"])
    folder = tmp_path / "project"
    init_project(folder, labels=labels, mode=mode)  # type: ignore[arg-type]
    codebook = load_codebook(folder / "codebook.yaml")
    assert codebook.frame_ids == ("1", "_", "the order", "threat", "yes")
    assert codebook.mode == mode
    text = (folder / "codebook.yaml").read_text(encoding="utf-8")
    assert text.startswith("# DRAFT, made from the label ids found in my labels.csv.")
    assert all("TODO" in frame.definition for frame in codebook.frames)
    check_that_everything_loads(folder)
    assert not (folder / "data" / "labelled.csv").exists()


def test_labels_may_be_drafted_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = write_labels(tmp_path / "labels.csv", ["threat"])
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    init_project(Path(), labels=labels)
    check_that_everything_loads(tmp_path / "here")


def test_other_column_names_are_kept_in_the_configs(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("my: text,frames\nA sentence.,threat\n", encoding="utf-8")
    columns = {"text": "my: text", "labels": "frames"}
    with pytest.raises(DataError, match="--column"):
        init_project(tmp_path / "project", labels=labels)
    init_project(tmp_path / "project", labels=labels, columns=columns)
    config = load_run_config(tmp_path / "project" / "configs" / "baseline.yaml")
    assert config.data.columns == columns
    with pytest.raises(DataError, match="name the file with --labels"):
        init_project(tmp_path / "other", columns=columns)


def test_a_named_encoding_is_kept_in_the_configs(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("text,labels\nПриходит угроза.,угроза\n", encoding="cp1251")
    init_project(tmp_path / "project", labels=labels, encoding="cp1251")
    assert load_codebook(tmp_path / "project" / "codebook.yaml").frame_ids == ("угроза",)
    assert load_run_config(tmp_path / "project" / "configs" / "baseline.yaml").data.encoding == "cp1251"


def test_a_codebook_is_made_of_a_table_and_labels_are_kept(tmp_path: Path) -> None:
    table = tmp_path / "frames.csv"
    table.write_text("id;name;definition;colour\n=a;A;Says a.;red\nb;B;Says b.;\n", encoding="utf-8")
    _, notes = init_project(tmp_path / "project", codebook=table)
    assert notes == ["columns of frames.csv that are not read: colour"]
    assert load_codebook(tmp_path / "project" / "codebook.yaml").frame_ids == ("=a", "b")
    check_that_everything_loads(tmp_path / "project")
    with pytest.raises(DataError, match="placeholder rows"):
        check_run(tmp_path / "project" / "configs" / "baseline.yaml")
    labels = write_labels(tmp_path / "labels.csv", ["b", "=a"])
    init_project(tmp_path / "other", codebook=table, labels=labels)
    assert load_codebook(tmp_path / "other" / "codebook.yaml").frames[1].definition == "Says b."
    check_that_everything_loads(tmp_path / "other")


def test_a_label_that_cannot_be_a_frame_id_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels.csv", ["threat", "x" * 101])
    with pytest.raises(DataError, match=r"'x{60}' cannot be a frame id: .* at most 100 characters"):
        init_project(tmp_path / "project", labels=labels)
    assert not (tmp_path / "project").exists()


def test_a_file_without_labels_drafts_nothing(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels.csv", ["", ""])
    with pytest.raises(DataError, match="nothing to draft a codebook from"):
        init_project(tmp_path / "project", labels=labels)
    assert not (tmp_path / "project").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    for taken in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(
            DataError, match="is not an empty folder; choose a new one, nothing is overwritten"
        ):
            init_project(taken)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    init_project(tmp_path)
    check_that_everything_loads(tmp_path)


@pytest.mark.parametrize("mode", ["multi_label", "single_label"])
def test_a_fresh_project_is_told_to_replace_the_placeholder_rows(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "fresh"
    init_project(folder, mode=mode)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"placeholder rows .* replace them with your own labelled sentences"):
        check_run(folder / "configs" / "baseline.yaml")


def test_coded_sentences_take_the_place_of_the_placeholder_rows_and_keep_post_day_and_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["init", "project"])
    assert "Next: cd project" in shown.output
    monkeypatch.chdir(tmp_path / "project")
    units = [
        {
            "id": f"chan/{i // 2}:{i % 2}",
            "unit": "sentence",
            "text": f"Sentence {i} of ours, word{i} and word{i * i + 1}.",
            "channel": "chan",
            "published_at": f"2024-{1 + i // 10:02d}-{1 + i % 10:02d}T00:00:00Z",
        }
        for i in range(60)
    ]
    write_sample(Path("sample.csv"), units)
    marks = [
        {
            "id": unit["id"],
            "text": unit["text"],
            "labels": "frame_one;frame_two" if i % 3 == 0 else "(no frame)",
        }
        for i, unit in enumerate(units)
    ]
    write_records(Path("coder.csv"), marks, ["id", "text", "labels"])
    read = ["label-import", "coder.csv", "--codebook", "codebook.yaml", "--sample", "sample.csv"]
    done = CliRunner().invoke(app, [*read, "-o", "coded.jsonl", "--labelled", "data/labelled.csv"])
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, [*read, "-o", "other.jsonl", "--labelled", "data/labelled.csv"])
    assert "exists already and may hold labels" in again.output
    config = Path("configs/baseline.yaml")
    folds = [check_run(config, given).folds for given in ([], ["data.labelled=coded.jsonl"])]
    for found in folds:
        rows = found.test.table
        assert set(rows["source"]) == {"chan"}
        assert rows["group"].nunique() * 2 == len(rows)
        assert rows["date"].min() > found.train.table["date"].max()
    assert folds[0].fingerprint == folds[1].fingerprint
    result = check_run(config)
    assert result.unjudged == ("frame_one", "frame_two")
    print_check(console(), result)
    assert "The test fold can judge only 0 of 2 frames" in capsys.readouterr().out
    assert check_run(config, ["folds.test_share=0.5"]).unjudged == ()
    write_records(Path("bare.csv"), marks, ["text", "labels"])
    bare = check_run(config, ["data.labelled=bare.csv"])
    assert any("none of the 60 rows has a date or a source or a group" in line for line in bare.warnings)


def test_a_check_that_fails_shows_the_folds_and_names_purged_copies_as_the_cause(tmp_path: Path) -> None:
    init_project(tmp_path / "project")
    said = [f"{' '.join(f'word{n}x{k}' for k in range(9))}." for n in range(60)]
    rows = [
        {
            "id": f"{purpose}{n}",
            "text": text,
            "labels": "frame_one" if n % 3 else "frame_two",
            "purpose": purpose,
        }
        for purpose, texts in (("estimate", said[:50]), ("train", said))
        for n, text in enumerate(texts)
    ]  # nearly all of what was drawn to train is drawn to estimate too
    (tmp_path / "project/data/labelled.csv").unlink()
    write_records(tmp_path / "project/data/labelled.csv", rows, list(rows[0]))
    done = CliRunner().invoke(app, ["check", str(tmp_path / "project/configs/baseline.yaml")])
    shown = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "Folds train dev test purged texts" in shown.replace("─", "").replace("  ", " ")
    assert "50 rows were purged as copies of rows in another fold, and they carried more: " in shown
    assert "frame_two (17)" in shown


def test_placeholder_rows_left_behind_are_told_from_labels_that_are_wrong(tmp_path: Path) -> None:
    init_project(tmp_path / "project")
    book = tmp_path / "project" / "codebook.yaml"
    text = book.read_text(encoding="utf-8").replace("frame_one", "order").replace("frame_two", "threat")
    book.write_text(text, encoding="utf-8")
    rows = tmp_path / "project" / "data" / "labelled.csv"
    with pytest.raises(DataError, match="nothing but the placeholder rows"):
        check_run(tmp_path / "project" / "configs" / "baseline.yaml")
    rows.write_text(rows.read_text(encoding="utf-8") + "4,Ours.,order,,,,\n", encoding="utf-8")
    with pytest.raises(DataError, match="placeholder rows that `frames init` wrote: delete them"):
        check_run(tmp_path / "project" / "configs" / "baseline.yaml")
