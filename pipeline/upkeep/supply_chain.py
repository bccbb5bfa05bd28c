"""What narrative-frames is built on: licences, a software bill of materials, and hashes of what pip installs.

    python -m pipeline.upkeep.supply_chain licences                  every installed package, checked against ALLOWED
    python -m pipeline.upkeep.supply_chain sbom -o sbom.json         CycloneDX 1.5, what this installation needs
    python -m pipeline.upkeep.supply_chain lock REPORT -o FILE       requirements with hashes, from a report of pip's
    python -m pipeline.upkeep.supply_chain lowest PYPROJECT -o FILE  the lowest versions that its ranges allow, as pins

Everything is read from the packages' own metadata; nothing is loaded and nothing is fetched.
"""

import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.commands.terminal import console, run_command
from pipeline.errors import DataError, PipelineError

DISTRIBUTION: Final = "narrative-frames"
UNKNOWN: Final = "unknown"
# SPDX ids that leave users free to publish and to sell; MPL asks only that changed files of its own are shown.
ALLOWED: Final = frozenset(
    (
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "ISC"),
        *("LLVM-exception", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib"),
    )
)
_SPELLINGS: Final = {
    "mit": "MIT",
    "mit license": "MIT",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
_TEXTS: Final = (
    ("GNU Affero General Public License", "AGPL"),
    ("GNU Lesser General Public License", "LGPL"),
    ("GNU General Public License", "GPL"),
    ("Apache License Version 2.0", "Apache-2.0"),
    ("Mozilla Public License Version 2.0", "MPL-2.0"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"),
    ("Neither the name", "BSD-3-Clause"),
    ("nor the names of", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
)
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9.+-]+")


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package.

    Attributes:
        name: as the package writes it.
        version: installed.
        licence: SPDX expression, or "unknown".
        needed: whether narrative-frames, without extras, needs it.
    """

    name: str
    version: str
    licence: str
    needed: bool

    @property
    def is_allowed(self) -> bool:
        """Whether one of the licences it may be used under consists of allowed ones alone."""
        choices = self.licence.replace("(", "").replace(")", "").split(" OR ")
        return any(set(_WORD.findall(choice)) - {"AND", "WITH"} <= ALLOWED for choice in choices)


def list_packages() -> list[Package]:
    """Every installed package, by name."""
    installed = _installed()
    needed = set(find_needed(installed))
    return [
        Package(d.metadata["Name"], d.version, find_licence(d), name in needed)
        for name, d in sorted(installed.items())
    ]


def find_needed(
    installed: dict[str, metadata.Distribution], root: str = DISTRIBUTION
) -> dict[str, list[str]]:
    """What each package needs, from `root` down, by canonical names; extras only where a requirement names them.

    Raises:
        PipelineError: the root is not installed.
    """
    if root not in installed:
        raise PipelineError(f"{root} is not installed in {sys.prefix}: run `pip install .` in the repository")
    extras: dict[str, set[str]] = {root: set()}
    found: dict[str, list[str]] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        needs: dict[str, set[str]] = {}
        for requirement in _requirements(installed[name], extras[name]):
            needs.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)
        needs = {one: asked for one, asked in needs.items() if one in installed}
        found[name] = sorted(needs)
        for one, asked in needs.items():
            if one not in extras or not asked <= extras[one]:
                extras.setdefault(one, set()).update(asked)
                waiting.append(one)
    return found


def find_licence(distribution: metadata.Distribution) -> str:
    """SPDX expression of a package: as it declares it, else by its classifiers, else by its licence's text."""
    described = distribution.metadata.json
    if expression := described.get("license_expression"):
        return str(expression)
    declared = str(described.get("license") or "")
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in described.get("classifier") or []
        if line.startswith("License ::")
    ]
    spoken = _spelled(declared)
    if spoken is None and classifiers:
        named = [_spelled(line) for line in classifiers]
        spoken = " AND ".join(dict.fromkeys(filter(None, named))) if all(named) else None
    # "BSD" leaves open which; the text tells, and those of other licences beside it are of parts that it brings
    family = "BSD" if "BSD License" in classifiers or declared == "BSD" else ""
    texts = [declared, *_texts(distribution)]
    return spoken or next(filter(None, (_recognise(text, family) for text in texts)), UNKNOWN)


def make_sbom() -> dict[str, Any]:
    """CycloneDX 1.5 of what this installation needs; the same installation gives the same document."""
    installed = _installed()
    needs = find_needed(installed)
    references = {name: _package_url(name, installed[name].version) for name in needs}
    components = [_component(name, installed[name], references[name]) for name in sorted(needs)]
    root = next(c for c in components if c["bom-ref"] == references[DISTRIBUTION])
    content = "\n".join(sorted(references.values()))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": {**root, "type": "application"}},
        "components": [c for c in components if c is not root],
        "dependencies": [
            {"ref": references[name], "dependsOn": [references[one] for one in needs[name]]}
            for name in sorted(needs)
        ],
    }


def make_lock(report: Path) -> str:
    """Requirements with hashes, from what `pip install --dry-run --report` wrote.

    Raises:
        DataError: no such report, or one that names a package without its hash.
    """
    try:
        content = json.loads(report.read_text(encoding="utf-8"))
        place = content["environment"]
        entries = [_locked(item) for item in content["install"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{report}: expected a report of `pip install --dry-run --report`: {error!r}"
        ) from None
    lines = sorted(entry for entry in entries if entry)
    where = f"Python {place['python_version']}, {place['sys_platform']}, {place['platform_machine']}"
    head = f"# Made by: make lock. For {where}; install with: pip install --require-hashes -r FILE\n"
    if any(line.startswith("torch==") and "+cpu" in line for line in lines):
        head += "--extra-index-url https://download.pytorch.org/whl/cpu\n"
    return head + "".join(lines)


def lowest_versions(project: Path, extras: Iterable[str] = ("ray", "xlsx", "cleanlab", "sweep")) -> str:
    """The lowest version of each direct dependency that its range allows, as constraints for pip.

    Args:
        project: a pyproject.toml.
        extras: whose dependencies are added; those of development are tools, of which the newest will do.

    Raises:
        DataError: the file cannot be read, or a dependency has no lower bound.
    """
    try:
        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        texts = [*table["dependencies"], *(one for e in extras for one in table["optional-dependencies"][e])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{project}: expected a pyproject.toml with dependencies: {error!r}") from None
    pins = []
    for one in map(Requirement, texts):
        bounds = [part.version for part in one.specifier if part.operator in {">=", "=="}]
        if not bounds:
            raise DataError(f"{project}: '{one}' has no lower bound, so no lowest version can be tested")
        pins.append(f"{canonicalize_name(one.name)}=={bounds[0]}\n")
    return "".join(sorted(set(pins)))


def _locked(item: dict[str, Any]) -> str:
    name, version = canonicalize_name(item["metadata"]["name"]), item["metadata"]["version"]
    if name == DISTRIBUTION:
        return ""
    digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def _installed() -> dict[str, metadata.Distribution]:
    """By canonical name; of two entries of one name the first is the one that Python imports."""
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        if distribution.metadata["Name"]:
            found.setdefault(canonicalize_name(distribution.metadata["Name"]), distribution)
    return found


def _requirements(distribution: metadata.Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    chosen = ["", *extras]
    for text in distribution.requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in chosen):
            yield one


def _spelled(text: str) -> str | None:
    """SPDX expression that a short text means; None for any other text."""
    if set(_WORD.findall(text)) - {"AND", "OR"} and set(_WORD.findall(text)) - {"AND", "OR"} <= ALLOWED:
        return text.strip()
    return _SPELLINGS.get(text.strip().lower())


def _recognise(text: str, family: str = "") -> str | None:
    plain = " ".join(text.split()).lower()
    return next((spdx for words, spdx in _TEXTS if spdx.startswith(family) and words.lower() in plain), None)


def _texts(distribution: metadata.Distribution) -> Iterator[str]:
    for file in distribution.files or ():
        if _LICENCE_FILE.search(file.name) and ".dist-info" in str(file):
            path = Path(str(distribution.locate_file(file)))
            if path.is_file():
                yield path.read_text(encoding="utf-8", errors="replace")


def _package_url(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{quote(version, safe='.')}"


def _component(name: str, distribution: metadata.Distribution, reference: str) -> dict[str, Any]:
    licence = find_licence(distribution)
    described = {"license": {"name": licence}} if licence == UNKNOWN else {"expression": licence}
    return {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": distribution.version,
        "purl": reference,
        "licenses": [described],
    }


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 - atomic on every platform


app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]


@app.command()
def licences(as_json: AsJson = False) -> None:
    """List the licence of every installed package; exit status 1 where one is not on the list of allowed ones."""
    packages = list_packages()
    refused = [package for package in packages if not package.is_allowed]
    if as_json:
        typer.echo(
            json.dumps({"packages": [asdict(p) for p in packages], "refused": [p.name for p in refused]})
        )
    else:
        for package in packages:
            use = "needed" if package.needed else "tools and extras"
            mark = "" if package.is_allowed else "  NOT ALLOWED"
            typer.echo(f"{package.name} {package.version}  {package.licence}  ({use}){mark}")
        typer.echo(f"{len(packages)} packages, {len(refused)} with a licence that is unknown or not allowed")
    if refused:
        raise typer.Exit(1)


@app.command()
def sbom(output: Output) -> None:
    """Write a software bill of materials: CycloneDX 1.5 in JSON."""

    def work() -> None:
        _write(output, json.dumps(make_sbom(), indent=1) + "\n")
        console().print(f"{output}: written")

    run_command(work)


@app.command()
def lock(report: Annotated[Path, typer.Argument(help="What pip reported.")], output: Output) -> None:
    """Write requirements with hashes."""

    def work() -> None:
        _write(output, make_lock(report))
        console().print(f"{output}: written")

    run_command(work)


@app.command()
def lowest(project: Annotated[Path, typer.Argument(help="A pyproject.toml.")], output: Output) -> None:
    """Write the lowest versions of the direct dependencies as constraints."""

    def work() -> None:
        _write(output, lowest_versions(project))
        console().print(f"{output}: written")

    run_command(work)


if __name__ == "__main__":
    app()
