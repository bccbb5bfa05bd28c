"""Licences are known and allowed, the bill of materials is whole, and the lock holds a hash of everything."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.commands.requirements import read_declared
from pipeline.errors import DataError
from pipeline.upkeep.lock_file import make_lock

ROOT = Path(__file__).parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_every_licence_is_known_and_allowed() -> None:
    """By the list in pyproject.toml."""
    done = run("piplicenses")
    assert done.returncode == 0, done.stderr
    assert {"torch", "mlflow"} <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


def test_a_licence_that_is_not_on_the_list_is_refused() -> None:
    done = run("piplicenses", "--allow-only", "no such licence")
    assert done.returncode == 1
    assert "not in allow-only licenses" in done.stderr


def report_of(tmp_path: Path, *items: tuple[str, str, str | None]) -> Path:
    install = [
        {
            "metadata": {"name": name, "version": version},
            "download_info": {"archive_info": {"hashes": {"sha256": digest} if digest else {}}},
        }
        for name, version, digest in items
    ]
    place = {"python_version": "3.11", "sys_platform": "linux", "platform_machine": "x86_64"}
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"install": install, "environment": place}), encoding="utf-8")
    return path


def test_the_lock_holds_everything_but_the_package_itself(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        ("torch", "2.0+cpu", "b" * 64),
        ("Some_Name", "1.0", "a" * 64),
        ("narrative-frames", "0.1.0", None),
    )
    lines = make_lock(report).splitlines()
    assert lines[0].startswith("# Made by: make lock. For Python 3.11, linux, x86_64")
    assert lines[1:] == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "some-name==1.0 \\",
        f"    --hash=sha256:{'a' * 64}",
        "torch==2.0+cpu \\",
        f"    --hash=sha256:{'b' * 64}",
    ]


def test_a_package_without_a_hash_is_not_locked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sha256"):
        make_lock(report_of(tmp_path, ("some", "1.0", None)))
    (tmp_path / "report.json").write_text("nothing", encoding="utf-8")
    with pytest.raises(DataError, match="expected a report"):
        make_lock(tmp_path / "report.json")


def test_lock_and_constraints_agree() -> None:
    """torch comes as a build for processors alone: the same version with a local name."""
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    )
    pins = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins.items()}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+) \\$", lock, re.MULTILINE))
    assert len(locked) == len(re.findall(r"--hash=sha256:[0-9a-f]{64}$", lock, re.MULTILINE)) > 50
    differing = {name for name, version in locked.items() if pins.get(name, version) != version.split("+")[0]}
    assert not differing


def test_the_lock_holds_every_library_that_the_package_needs() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    needed = {canonicalize_name(Requirement(text).name) for text in read_declared().libraries[""]}
    assert needed <= locked, f"make lock: not in it: {sorted(needed - locked)}"


def test_every_dependency_has_a_lowest_version_to_be_tested_with() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for requirements in table["optional-dependencies"].values() for one in requirements]
    without = [
        text
        for text in [*table["dependencies"], *extras]
        if not {part.operator for part in Requirement(text).specifier} & {">=", "=="}
    ]
    assert not without
