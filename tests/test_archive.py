"""Archives of published figures: all again from figures alone; what was changed is told; strangers are bounded."""

import json
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import TINY_FRAMES
from hypothesis import given
from hypothesis import strategies as st
from test_prevalence import PHRASES, choose_frames, make_post, truth_of
from typer.testing import CliRunner

from pipeline.annotation.record_files import write_records
from pipeline.archive.contents import NAMES
from pipeline.archive.write_archive import SharesWanted, write_archive
from pipeline.bundle import ModelBundle, load_bundle, save_bundle
from pipeline.cli import app
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.data.tables.table_files import guard_formula, read_records
from pipeline.errors import DataError
from pipeline.evaluation.evaluate_bundle import compare_bundles
from pipeline.evaluation.reused_test_rows import TestUse
from pipeline.evaluation.test_predictions import TestPredictions, evaluate_predictions
from pipeline.files.sealed_zip import unpack_zip
from pipeline.prevalence.contrasts import Wanted
from pipeline.prevalence.share_settings import ShareSettings
from pipeline.scoring.plain_scores import guard_cells, release_cells
from pipeline.scoring.prediction import predict

HOSTILE = "=cmd|' /c calc'!A1 \u202eтайна"
N = 240


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@dataclass(frozen=True)
class Study:
    folder: Path
    scores: Path
    posts: Path
    sample: Path

    @property
    def options(self) -> list[str]:
        return ["--sample", str(self.sample), "--by", "channel", "--by", "month", "--differences", "--trend"]


@pytest.fixture(scope="module")
def study(tiny_bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Scored posts, one channel of which has a hostile name, and a coded sample of them."""
    folder = tmp_path_factory.mktemp("study")
    rows = [make_post(i, *frames) for i, frames in enumerate(choose_frames()[:N])]
    for row in rows[::2]:
        row["channel"] = HOSTILE
    pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), folder / "posts.parquet")
    predict([folder / "posts.parquet"], tiny_bundle, folder / "scores")
    coded = draw(folder / "scores", folder / "drawn.jsonl", "post", 160)
    coded = [row | {"labels": truth_of(row["id"])} for row in coded]
    write_records(folder / "coded.jsonl", coded, list(coded[0]))
    return Study(folder, folder / "scores", folder / "posts.parquet", folder / "coded.jsonl")


def draw(scores: Path, path: Path, unit: str, n: int, *more: object) -> list[dict[str, Any]]:
    status, told = run("sample", scores, "--unit", unit, "-n", n, "-o", path, *more)
    assert status == 0, told
    return [dict(record.cells) for record in read_records(path)]


def read_figures(archive: Path) -> dict[str, Any]:
    with zipfile.ZipFile(archive) as opened:
        figures: dict[str, Any] = json.loads(opened.read("figures.json"))["shares"]
    return figures


def test_an_archive_gives_every_share_again_and_holds_no_text(study: Study, tmp_path: Path) -> None:
    archive = tmp_path / "paper.zip"
    status, told = run("archive", archive, "--scores", study.scores, *study.options)
    assert status == 0, told
    shown = CliRunner().invoke(app, ["shares", str(study.scores), *study.options, "--json"])
    published = {
        json.dumps(entry, sort_keys=True)
        for name in ("estimates", "contrasts")
        for entry in json.loads(shown.stdout)[name]
    }
    archived = read_figures(archive)
    assert len(archived["contrasts"]) > 0
    assert {
        json.dumps(e, sort_keys=True) for n in ("estimates", "contrasts") for e in archived[n]
    } <= published

    words = {word for row in pq.read_table(study.posts)["text"].to_pylist() for word in row.split()[:8]}
    with zipfile.ZipFile(archive) as opened:
        content = b"".join(opened.read(name) for name in opened.namelist()).decode("utf-8", "replace")
    assert not [word for word in words if len(word) > 5 and f" {word} " in content]

    (tmp_path / "elsewhere").mkdir()
    moved = archive.rename(tmp_path / "elsewhere/paper.zip")
    status, told = run("replay", moved)
    assert status == 0, told
    assert "Equal" in told
    again = tmp_path / "again.zip"
    run("archive", again, "--scores", study.scores, *study.options)
    assert again.read_bytes() == moved.read_bytes()
    status, told = run("archive", again, "--scores", study.scores, *study.options)
    assert (status, "exists already" in told) == (1, True)


def test_an_older_archive_is_equal_though_it_has_before_less_after(study: Study, tmp_path: Path) -> None:
    split_at = pd.Series(pq.read_table(study.posts)["published_at"].to_pylist()).median().date()
    shown = {}
    for is_new in (True, False):
        wanted = Wanted(differences=True, before_first=is_new)
        settings = ShareSettings(domains=("whole", "period"), split_at=split_at, wanted=wanted)
        path = tmp_path / f"{is_new}.zip"
        write_archive(
            path, SharesWanted(study.scores, (study.sample,), (), settings), [], (), with_texts=False
        )
        found = [c for c in read_figures(path)["contrasts"] if c["contrast"] == "difference"]
        shown[is_new] = [c["estimate"] for c in found]
        assert {c["first"] for c in found} == {"before" if is_new else "after"}

    def of_older_version(files: dict[str, bytes]) -> None:
        contents = json.loads(files["archive.json"])
        del contents["shares"]["before_first"]
        files["archive.json"] = json.dumps(contents).encode()

    older = rewrite(tmp_path / "False.zip", tmp_path / "older.zip", of_older_version)
    status, told = run("replay", older)
    assert (status, "Equal" in told) == (0, True), told
    assert shown[True] == pytest.approx([-value for value in shown[False]])


def test_copies_second_codings_and_columns_of_a_table_are_kept(study: Study, tmp_path: Path) -> None:
    """Sentences, a sample without names of clusters, two coders, and parts that only another table tells."""
    rows = draw(study.scores, tmp_path / "drawn.jsonl", "sentence", 120)
    for row in rows:
        row["labels"] = [frame for frame, phrase in PHRASES.items() if phrase in row["text"]]
        row["cluster"] = None
    write_records(tmp_path / "coded.csv", rows, [name for name in rows[0] if name != "cluster"])
    as_written = (tmp_path / "coded.csv").read_text(encoding="utf-8-sig").encode("cp1251", "replace")
    (tmp_path / "coded.csv").write_bytes(as_written)
    second = [{"id": row["id"], "text": row["text"], "labels": row["labels"][:1]} for row in rows]
    (tmp_path / "b").mkdir()
    write_records(tmp_path / "b/coded.jsonl", second, ["id", "text", "labels"])
    keys = pq.read_table(study.posts)["post_key"].to_pylist()
    owners = [None if i % 7 == 0 else ["=state", "'-private", ""][i % 3] for i in range(len(keys))]
    pq.write_table(pa.table({"post_key": keys, "owner": owners}), tmp_path / "owners.parquet")
    options = [
        "--sample",
        tmp_path / "coded.csv",
        "--empty-is-coded",
        "--codings",
        tmp_path / "b/coded.jsonl",
    ]
    options += [
        "--encoding",
        "cp1251",
        "--by",
        "owner",
        "--table",
        tmp_path / "owners.parquet",
        "--frame",
        "order",
    ]
    for more in ([], ["--with-texts"]):
        archive = tmp_path / f"{len(more)}.zip"
        status, told = run("archive", archive, "--scores", study.scores, *options, *more)
        assert status == 0, told
        status, told = run("replay", archive)
        assert status == 0, told
    figures = read_figures(archive)["estimates"]
    assert {"=state", "'-private", "", "unknown"} == {e["group"] for e in figures if e["domain"] == "owner"}
    assert any(entry["coders_low"] is not None for entry in figures)


def judged_bundle(folder: Path, model: ModelBundle, seed: int) -> ModelBundle:
    """A bundle with recorded test predictions and the figures of these."""
    generator = np.random.default_rng(0)
    truth = (generator.random((150, len(TINY_FRAMES))) < 0.4).astype(np.int8)
    calibrated = np.clip(truth * 0.5 + np.random.default_rng(seed).random(truth.shape) * 0.7, 0, 1)
    rows = TestPredictions(
        np.array([f"r{i}" for i in range(150)]), np.arange(150) // 2, truth, calibrated, calibrated > 0.6
    )
    settings = EvaluationSettings(bootstrap_samples=150)
    save_bundle(
        folder,
        name=folder.name,
        classifier=model.classifier,
        codebook=model.codebook,
        decisions=model.decisions,
        config={"seed": 5, "evaluation": settings.model_dump()},
        metrics=evaluate_predictions(rows, model.frame_ids, settings, seed=5).to_json(),
        provenance={"test_fingerprint": "rows", "made_by": seed},
        arrays={"test_predictions": rows.to_arrays()},
    )
    return load_bundle(folder)


def test_figures_of_models_and_their_comparison_are_computed_again(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    first, second = (judged_bundle(tmp_path / name, tiny_bundle, i) for i, name in enumerate(("one", "two")))
    found = compare_bundles(first, second, EvaluationSettings(), use=TestUse(3, 2, 4)).to_json()
    told = {"first_model": first.model_id, "second_model": second.model_id, "run_id": "x", **found}
    (tmp_path / "compared.json").write_text(json.dumps(told), encoding="utf-8")
    models = ["--model", first.folder, "--model", second.folder]
    archive = tmp_path / "models.zip"
    status, output = run("archive", archive, *models, "--comparison", tmp_path / "compared.json")
    assert status == 0, output
    status, output = run("replay", archive, "--json")
    assert status == 0, output
    assert [figure["name"].split("@")[0] for figure in json.loads(output)["figures"]] == [
        "evaluation of one",
        "evaluation of two",
        "one",
    ]

    told["macro_f1"]["gain"]["low"] += 0.01
    (tmp_path / "compared.json").write_text(json.dumps(told), encoding="utf-8")
    status, output = run("archive", tmp_path / "no.zip", *models, "--comparison", tmp_path / "compared.json")
    assert status == 1
    assert "macro_f1.gain.low: archived" in output
    assert not (tmp_path / "no.zip").exists()
    status, output = run(
        "archive", tmp_path / "no.zip", *models[:2], "--comparison", tmp_path / "compared.json"
    )
    assert (status, "give its bundle too" in output) == (1, True)


Change = Callable[[dict[str, bytes]], None]


def rewrite(archive: Path, target: Path, change: Change, *, hashed: bool = True) -> Path:
    """Another archive with other content, whose list of contents fits it if `hashed`."""
    with zipfile.ZipFile(archive) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    if hashed and not files["archive.json"].startswith(b"["):
        listed = json.loads(files["archive.json"])
        listed["files"] = {
            name: sha256(content).hexdigest() for name, content in files.items() if name != "archive.json"
        }
        files["archive.json"] = json.dumps(listed).encode()
    with zipfile.ZipFile(target, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return target


@pytest.fixture(scope="module")
def sealed(study: Study) -> Path:
    archive = study.folder / "sealed.zip"
    status, told = run("archive", archive, "--scores", study.scores, "--sample", study.sample)
    assert status == 0, told
    return archive


def change_score(files: dict[str, bytes]) -> None:
    table = pd.read_csv(pd.io.common.BytesIO(files["scores/posts.csv"]), dtype=str)
    table.loc[3, "p_order"] = "0.999"
    files["scores/posts.csv"] = table.to_csv(index=False, quoting=1).encode()


def swap(name: str, old: bytes, new: bytes) -> Change:
    def change(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (swap("sample/0.jsonl", b'"labels": ["order"]', b'"labels": []'), "order"),
        (swap("figures.json", b'"n_labelled": 160', b'"n_labelled": 161'), "n_labelled: archived 161"),
        (swap("archive.json", b'"confidence": 0.95', b'"confidence": 0.9'), "confidence: archived 0.95"),
    ],
)
def test_what_was_changed_is_told(sealed: Path, tmp_path: Path, change: Change, place: str) -> None:
    status, told = run("replay", rewrite(sealed, tmp_path / "a.zip", change))
    assert (status, place in told, "Different" in told) == (3, True, True), told
    status, told = run("replay", rewrite(sealed, tmp_path / "b.zip", change, hashed=False))
    assert status in (1, 3)
    assert "is not the file that was archived" in told or status == 3


def put(name: str, content: bytes) -> Change:
    return lambda files: files.__setitem__(name, content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (put("../escaped.csv", b""), "no part of such an archive"),
        (put("/tmp/escaped", b""), "no part of such an archive"),
        (put("models/0/classifier/weights.pkl", b""), "no part of such an archive"),
        (put("archive.json", b"[" * 100_000), "cannot be read"),
        (put("texts.json", b'{"copies": {"x": "many"}}'), "not what `frames archive` writes"),
        (
            put("texts.json", b'{"copies": {}, "changed": [], "unknown": [], "note": "", "replaced": null}'),
            "copy",
        ),
        (put("scores/posts.csv", b"\xff\xfe,\n1,2\n"), "not a table of scores"),
        (put("scores/posts.csv", b'"post_key"\n"x"\n'), "expected the columns"),
        (lambda files: files.pop("scores/posts.csv"), "posts.csv"),
        (swap("archive.json", b'"unit": "post"', b'"unit": "\\u001b[2J"'), "unit"),
        (
            swap("archive.json", b'"domains": [', b'"domains": ["channel; DROP TABLE posts", '),
            "expected one of",
        ),
        (swap("archive.json", b'"format": 1', b'"format": 2'), "format"),
    ],
)
def test_a_stranger_s_archive_is_refused_by_a_message(
    sealed: Path, tmp_path: Path, change: Change, reason: str
) -> None:
    status, told = run("replay", rewrite(sealed, tmp_path / "a.zip", change))
    assert status == 1
    assert reason in " ".join(told.split())
    assert "\x1b" not in told
    assert not (tmp_path.parent / "escaped.csv").exists()


def test_links_lies_and_bombs_are_refused(tmp_path: Path) -> None:
    def write(name: str, content: bytes, *, mode: int = stat.S_IFREG, times: int = 1) -> Path:
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
            for _ in range(times):
                entry = zipfile.ZipInfo(name)
                entry.external_attr, entry.compress_type = (mode | 0o777) << 16, zipfile.ZIP_DEFLATED
                opened.writestr(entry, content)
        return path

    def refuse(path: Path, reason: str) -> None:
        target = tmp_path / "unpacked"
        target.mkdir(exist_ok=True)
        with pytest.raises(DataError, match=reason):
            unpack_zip(path, target, NAMES, most_files=1000, most_bytes=100_000)
        assert sum(file.stat().st_size for file in target.rglob("*") if file.is_file()) <= 100_000

    refuse(write("table.csv", b"/etc/passwd", mode=stat.S_IFLNK), "a link")
    with pytest.warns(UserWarning, match="Duplicate"):
        refuse(write("table.csv", b"x", times=2), "twice")
    refuse(write("table.csv", bytes(1_000_000)), "unpacks to 1,000,000 bytes")
    bomb = write("table.csv", bytes(1_000_000))
    content = bomb.read_bytes()
    lie = content.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 10))
    assert lie != content
    bomb.write_bytes(lie)
    refuse(bomb, "not an archive that can be read")
    bomb.write_bytes(
        content[:-22] + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 3 << 20, 0, 0) + bytes(4 << 20)
    )
    refuse(bomb, "not an archive that can be read")
    bomb.write_bytes(b"no archive")
    refuse(bomb, "not an archive that can be read")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6)))
def test_cells_that_a_spreadsheet_would_run_come_back_as_they_were(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    guarded = guard_cells(column)
    assert guarded.to_pylist() == [guard_formula(text) for text in texts]
    assert release_cells(guarded).to_pylist() == texts
