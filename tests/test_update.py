"""`frames update`: what is new is done once, what needs a person is told, and a second run finds nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import TINY_FRAMES, make_tiny_bundle
from report_pages import code_sample, embedded, make_rising_posts
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.config.project import load_project
from pipeline.data.posts.inbox import find_changed
from pipeline.data.posts.posts_table import read_posts
from pipeline.errors import ConfigError
from pipeline.files.folder_lock import lock_folder
from pipeline.scoring.read_scores import read_scores

LINK = "https://example.org/{message_id}"
PHRASES = ("the world order is changing", "they threaten our borders", "we stand together as one people")


def write_posts(path: Path, numbers: range, ending: str = "", **values: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "channel": f"channel_{i % 2}",
            "message_id": i,
            "published_at": f"2024-03-{1 + i % 28:02}T10:00:00Z",
            "text": f"{PHRASES[i % 3]} today. The weather is fine in town {i}.{ending}",
            **values,
        }
        for i in numbers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_project(folder: Path, model: Path, **keys: Any) -> Path:
    """A project that tolerates what these tests are not about, and writes no report, which takes a second."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "exports").mkdir()
    settings = {"model": str(model), "known": ["drift", "sample"], "report": None, **keys}
    (folder / "project.yaml").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path, tiny_bundle: ModelBundle) -> Path:
    folder = write_project(tmp_path / "project", tiny_bundle.folder)
    write_posts(folder / "exports" / "a.jsonl", range(30))
    return folder


def set_keys(folder: Path, **keys: Any) -> None:
    file = folder / "project.yaml"
    settings = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(settings | keys), encoding="utf-8")


def update(folder: Path, *options: str, code: int = 0) -> dict[str, Any]:
    """Run the command; its summary, which is what the file says too."""
    done = CliRunner().invoke(app, ["update", str(folder), "--json", *options])
    assert done.exit_code == code, done.output
    printed: dict[str, Any] = json.loads(done.stdout)
    assert printed == json.loads((folder / "update.json").read_text(encoding="utf-8"))
    assert printed["code"] == code
    return printed


def needs(summary: dict[str, Any]) -> dict[str, str]:
    return {need["what"]: need["message"] for need in summary["needs"] if not need["known"]}


def test_what_is_new_is_done_once(project: Path) -> None:
    set_keys(project, report="report.html")
    first = update(project)
    assert first["status"] == "done"
    assert first["stages"]["predict"]["newly_scored"] == 30
    assert {e["frame"] for e in first["stages"]["shares"]["estimates"]} == set(TINY_FRAMES)
    written = {name: (project / name).stat() for name in ("shares.csv", "report.html", "data/posts.parquet")}
    second = update(project)
    assert second["status"] == "nothing new"
    assert second["stages"] == first["stages"]
    assert {name: (project / name).stat() for name in written} == written


def test_only_new_and_changed_files_are_read(project: Path) -> None:
    update(project)
    write_posts(project / "exports" / "sub" / "b.jsonl", range(30, 40))
    found = update(project)
    assert [report["read"] for report in found["stages"]["ingest"]] == [10]
    assert found["stages"]["predict"]["newly_scored"] == 10
    write_posts(project / "exports" / "a.jsonl", range(5), " Edited.", edited_at="2024-05-01T00:00:00Z")
    found = update(project)
    assert found["stages"]["ingest"][0]["edited"] == 5
    assert found["stages"]["predict"]["newly_scored"] == 5
    assert len(read_scores(project / "scores")) == 40
    assert len(read_scores(project / "scores", latest=False)) == 45
    (project / "exports" / "a.jsonl").unlink()
    assert update(project)["status"] == "nothing new"
    assert len(read_posts(project / "data" / "posts.parquet")) == 40


def test_what_is_lost_is_made_again(project: Path) -> None:
    update(project)
    posts = project / "data" / "posts.parquet"
    for lost in (posts, project / "shares.csv", project / ".frames" / "state.json"):
        lost.unlink()
        assert update(project)["status"] == "done"
        assert len(read_posts(posts)) == 30
        assert len(read_scores(project / "scores", latest=False)) == 30
        assert (project / "shares.csv").is_file()


def test_pages_and_articles_of_a_folder_are_read_together() -> None:
    now = {"a/messages.html": "1", "a/messages2.html": "2", "a/x.json": "1", "b/messages.html": "1"}
    assert find_changed(now, {**now, "a/messages2.html": "1"}) == {"a/messages.html", "a/messages2.html"}
    assert find_changed(now, {**now, "a/x.json": "0"}) == {"a/x.json"}
    assert find_changed(now, {**now, "gone.json": "1"}) == set()


def test_rejects_are_told_once_and_stand_in_the_report(project: Path) -> None:
    set_keys(project, report="report.html")
    bad = project / "exports" / "bad.jsonl"
    write_posts(bad, range(60, 62))
    bad.write_text(bad.read_text(encoding="utf-8").replace("2024-03-05", "2024-13-45"), encoding="utf-8")
    found = update(project, code=5)
    assert "1 records could not be used" in needs(found)["rejects"]
    assert "2024-13-45" in (project / ".frames" / "rejects.jsonl").read_text(encoding="utf-8")
    assert "2024-13-45" in (project / "report.html").read_text(encoding="utf-8")
    again = update(project)
    assert again["status"] == "nothing new"
    assert "rejects" in needs(again), "what is open stays in the summary"
    write_posts(project / "exports" / "c.jsonl", range(70, 73))
    assert update(project)["status"] == "done"
    assert "2024-13-45" in (project / "scores" / "rejects.jsonl").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_read_is_tried_until_it_can(project: Path) -> None:
    cut = project / "exports" / "cut.json"
    whole = json.dumps({"name": "News", "type": "public_channel", "id": 7, "messages": MESSAGES})
    cut.write_text(whole[:-40], encoding="utf-8")
    for _ in range(2):
        found = update(project, code=5)
        assert "cut.json" in needs(found)["rejects"]
        assert len(read_scores(project / "scores")) >= 30
    cut.write_text(whole, encoding="utf-8")
    assert update(project)["status"] == "done"
    assert len(read_scores(project / "scores")) == 32


MESSAGES = [
    {
        "id": i,
        "type": "message",
        "date": "2024-03-01T10:00:00",
        "date_unixtime": "1709287200",
        "text": f"they threaten our borders again, {i}",
    }
    for i in (1, 2)
]


def test_an_inbox_of_nothing_but_faults_is_told(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    folder = write_project(tmp_path / "project", tiny_bundle.folder)
    assert update(folder)["status"] == "nothing new"
    (folder / "exports" / "photo.dat").write_bytes(bytes(range(256)))
    assert "photo.dat" in needs(update(folder, code=5))["rejects"]


def test_a_model_that_is_missing_or_another_one_needs_a_person(project: Path, tmp_path: Path) -> None:
    update(project)
    other = make_tiny_bundle(tmp_path / "other", name="other", threshold=0.6)
    for model, message in ((tmp_path / "none", "none"), (other.folder, "--rescore")):
        set_keys(project, model=str(model))
        for _ in range(2):
            assert message in needs(update(project, code=4))["model"]
    found = update(project, "--rescore")
    assert found["stages"]["predict"]["newly_scored"] == 30
    assert set(read_scores(project / "scores")["model_id"]) == {other.model_id}
    assert update(project)["status"] == "nothing new"


def test_a_sample_that_is_missing_or_speaks_of_too_few_needs_a_person(project: Path) -> None:
    set_keys(project, known=["drift"])
    assert "no coded sample" in needs(update(project, code=7))["sample"]
    write_posts(project / "exports" / "a.jsonl", range(60))
    update(project, code=7)
    code_sample(project / "scores", project)
    set_keys(project, sample=["coded.csv", "lost.csv"])
    assert "lost.csv" in needs(update(project, code=7))["sample"]
    set_keys(project, sample=["coded.csv"])
    found = update(project)
    assert all(e["corrected"] is not None for e in found["stages"]["shares"]["estimates"])
    write_posts(project / "exports" / "b.jsonl", range(60, 90))
    assert "60 of 90 posts" in needs(update(project, code=7))["sample"]


def test_a_frame_that_rises_is_told_when_it_begins(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    folder = write_project(tmp_path / "project", tiny_bundle.folder)
    rows = [
        {
            "channel": post.channel,
            "message_id": post.message_id,
            "published_at": post.published_at.isoformat(),
            "text": post.text,
        }
        for post in make_rising_posts()
    ]
    *earlier, last = rows
    (folder / "exports" / "a.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in earlier), encoding="utf-8"
    )
    told = needs(update(folder, code=8))["rising"]
    assert told.startswith(f"{TINY_FRAMES[1]} rises")
    (folder / "exports" / "b.jsonl").write_text(json.dumps(last) + "\n", encoding="utf-8")
    again = update(folder)
    assert again["status"] == "done"
    assert again["stages"]["rising"]["alerts"] == [TINY_FRAMES[1]]


def test_a_run_beside_another_does_nothing(project: Path) -> None:
    update(project)
    before = (project / "update.json").read_bytes()
    write_posts(project / "exports" / "b.jsonl", range(30, 40))
    with lock_folder(project / ".frames"):
        done = CliRunner().invoke(app, ["update", str(project)])
    assert done.exit_code == 3
    assert (project / "update.json").read_bytes() == before
    assert update(project)["stages"]["predict"]["newly_scored"] == 10


def test_a_stage_that_fails_is_in_the_summary_and_is_done_by_the_next_run(project: Path) -> None:
    update(project)
    write_posts(project / "exports" / "b.jsonl", range(30, 40), text="")
    write_posts(project / "exports" / "c.jsonl", range(30, 40))
    with lock_folder(project / "scores"):
        done = CliRunner().invoke(app, ["update", str(project)])
    assert done.exit_code == 3
    assert json.loads((project / "update.json").read_text(encoding="utf-8"))["status"] == "failed"
    assert update(project)["stages"]["predict"]["newly_scored"] == 10


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"posts": "posts.csv"}, r"'posts': expected a name that ends in \.parquet"),
        ({"scores": "s3://bucket/scores"}, "expected a folder on a disk"),
        ({"inputs": [{"folder": "."}]}, "would hold what runs write"),
        ({"inputs": [{"folder": "exports", "utc_offsett": 3}]}, "did you mean 'utc_offset'"),
        ({"known": ["everything"]}, "known"),
        ({"report_timezone": "Kyiv"}, "report_timezone.* did you mean Europe/Kyiv"),
        ({"inputs": [{"folder": "exports", "timezone": "Moskow"}]}, "timezone.* did you mean Europe/Moscow"),
    ],
)
def test_a_wrong_project_file_is_told_before_anything_is_read(
    tmp_path: Path, keys: dict[str, Any], message: str
) -> None:
    write_project(tmp_path / "project", tmp_path, **keys)
    with pytest.raises(ConfigError, match=message):
        load_project(tmp_path / "project")


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such project file; `frames init` writes one"):
        load_project(tmp_path)


def test_the_terminal_tells_edits_shares_and_paths_from_where_it_was_called(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"figures": "figures", "link_template": LINK, "report_timezone": "Asia/Tokyo"}
    set_keys(project, report="report.html", events="events.csv", **keys)
    (project / "events.csv").write_text("date,label\n2024-03-05,Summit\n", encoding="utf-8")
    monkeypatch.chdir(project.parent)
    printed = CliRunner().invoke(app, ["update", project.name]).output
    assert "edits: 0 known, 0 of them changed a frame" in printed
    for frame in TINY_FRAMES:
        assert f"share of {frame}: raw " in printed
    assert str(project.parent) not in printed
    for name in ("shares.csv", "report.html", "update.json"):
        assert f"{project.name}/{name}" in printed
    assert (project / "figures" / "shares.svg").is_file()
    page = (project / "report.html").read_text(encoding="utf-8")
    data = embedded(page)
    assert (data["events"], data["link"]) == ([["2024-03-05", "Summit"]], LINK)
    assert "Asia/Tokyo time" in page
    assert update(project)["status"] == "nothing new"
    (project / "events.csv").write_text("date,label\n2024-03-05,Summit\n2024-03-06,Talks\n", encoding="utf-8")
    assert update(project)["status"] == "done"


def test_before_any_training_the_job_says_what_to_do(project: Path) -> None:
    set_keys(project, model="models:/none@champion", tracking="sqlite:///none.db")
    assert needs(update(project, code=4))["model"] == "no model yet: frames train, then frames promote"
