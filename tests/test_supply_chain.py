"""Licences are known and allowed, the bill of materials is whole, and the lock holds a hash of everything."""

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.errors import DataError
from pipeline.upkeep.supply_chain import (
    ALLOWED,
    Package,
    app,
    find_licence,
    list_packages,
    lowest_versions,
    make_lock,
    make_sbom,
)

ROOT = Path(__file__).parent.parent


def test_every_licence_is_known_and_allowed() -> None:
    packages = list_packages()
    assert {"narrative-frames", "torch", "mlflow"} <= {package.name for package in packages if package.needed}
    assert not [f"{package.name}: {package.licence}" for package in packages if not package.is_allowed]


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", True),
        ("MIT AND BSD-3-Clause", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND AGPL", False),
        ("unknown", False),
    ],
)
def test_one_of_the_choices_must_be_allowed_as_a_whole(licence: str, expected: bool) -> None:
    assert Package("some", "1", licence, needed=True).is_allowed is expected


@pytest.mark.parametrize(
    ("header", "text", "expected"),
    [
        ("License-Expression: MIT OR Apache-2.0", "", "MIT OR Apache-2.0"),
        ("License: Apache 2.0", "", "Apache-2.0"),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", "", "MIT"),
        ("License: BSD", "Redistribution and use in source and binary forms are permitted", "BSD-2-Clause"),
        ("Classifier: License :: OSI Approved :: BSD License", "Neither the name of", "BSD-3-Clause"),
        ("", "GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3", "AGPL"),
        ("", "Permission is hereby\n granted, free of charge, to any person", "MIT"),
        ("", "All rights reserved.", "unknown"),
        ("License: Beerware", "", "unknown"),
    ],
)
def test_a_licence_is_read_from_what_the_package_says(
    tmp_path: Path, header: str, text: str, expected: str
) -> None:
    folder = tmp_path / "some-1.0.dist-info"
    folder.mkdir()
    lines = ["Metadata-Version: 2.4", "Name: some", "Version: 1.0", *filter(None, [header])]
    (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "LICENSE").write_text(text, encoding="utf-8")
    (folder / "RECORD").write_text("some-1.0.dist-info/LICENSE,,\n", encoding="utf-8")
    assert find_licence(metadata.Distribution.at(folder)) == expected


def test_the_bill_of_materials_is_cyclonedx_and_closed(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["sbom", "-o", str(tmp_path / "sbom.json")])
    assert done.exit_code == 0
    bill: dict[str, Any] = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    root = bill["metadata"]["component"]
    components = [root, *bill["components"]]
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references) > 50
    for component in components:
        assert component["type"] in {"application", "library"}
        assert re.fullmatch(r"pkg:pypi/[a-z0-9-]+@[\w.%-]+", component["purl"])
        (licence,) = component["licenses"]
        assert set(re.findall(r"[\w.-]+", licence["expression"])) <= ALLOWED | {"AND", "OR", "WITH"}
    edges = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert set(edges) == set(references)
    reached, waiting = set(), [root["bom-ref"]]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += edges[reference]
    assert reached == set(references)
    assert make_sbom() == bill


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


def test_the_lowest_versions_are_the_lower_bounds_of_the_ranges(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        "[project]\ndependencies = ['Py_Yaml>=6.0.2,<7', 'torch==2.13.0']\n"
        "optional-dependencies = {sheets = ['openpyxl>=3.1.5,<4'], dev = ['pytest>=9']}\n",
        encoding="utf-8",
    )
    found = lowest_versions(project, extras=["sheets"]).splitlines()
    assert found == ["openpyxl==3.1.5", "py-yaml==6.0.2", "torch==2.13.0"]
    project.write_text("[project]\ndependencies = ['rich<20']\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rich<20.*no lower bound"):
        lowest_versions(project, extras=[])
    assert lowest_versions(ROOT / "pyproject.toml")  # every one of ours has a bound
