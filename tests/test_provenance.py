import json
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.config.tracking import TrackingSettings
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.provenance import USER_VARIABLE, collect_provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_versions_machine_and_time_are_plain_values() -> None:
    found = collect_provenance()
    assert json.loads(json.dumps(found)) == found
    assert found["packages"]["numpy"] == version("numpy")
    assert found["packages"]["narrative-frames"] == version("narrative-frames")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert datetime.fromisoformat(found["created_at"]).utcoffset().total_seconds() == 0
    assert found["cpu_count"] >= 1


def test_threads_are_recorded_since_a_transformer_depends_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert collect_provenance()["omp_num_threads"] == "3"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert collect_provenance()["omp_num_threads"] is None


def test_heavy_libraries_are_not_imported() -> None:
    code = (
        "import sys; from pipeline.tracking.provenance import collect_provenance; collect_provenance(); "
        "print(sorted({'mlflow', 'torch', 'transformers', 'datasets', 'sklearn', 'numpy'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]"


def test_commit_and_dirty_flag_are_those_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    config = tmp_path / "run.yaml"
    config.write_text("seed: 1\n", encoding="utf-8")
    git(tmp_path, "add", "run.yaml")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert collect_provenance()["git"] == {"commit": commit, "dirty": False}
    config.write_text("seed: 2\n", encoding="utf-8")
    assert collect_provenance()["git"] == {"commit": commit, "dirty": True}


def test_a_checkout_cannot_start_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n", encoding="utf-8")
    program.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(program))
    monkeypatch.chdir(tmp_path)
    collect_provenance()
    assert not (tmp_path / "started").exists()


def test_outside_a_checkout_and_without_git_the_commit_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert collect_provenance()["git"] == {"commit": None, "dirty": None}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert collect_provenance()["git"] == {"commit": None, "dirty": None}


@pytest.mark.parametrize(("chosen", "written"), [("desk", "desk"), ("", "unknown")])
def test_the_name_of_the_account_can_be_left_out(
    chosen: str, written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(USER_VARIABLE, chosen)
    settings = TrackingSettings(uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    with MlflowTracker.start(settings, "a run") as tracker:
        pass
    client, _ = open_store(settings.uri)
    assert client.get_run(tracker.run_id).data.tags["mlflow.user"] == written
