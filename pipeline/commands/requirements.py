"""What the package declares that it needs, against what is installed; read from metadata, nothing is loaded."""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from pipeline.errors import PipelineError

DISTRIBUTION: Final = "narrative-frames"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the package needs.

    Attributes:
        python: range of versions, for example ">=3.11".
        libraries: requirements as pip reads them: of the package itself under "", of each extra under its name.
    """

    python: str
    libraries: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A library that is not installed, or not in the version that is needed."""

    name: str
    found: str
    remedy: str


def read_declared() -> Declared:
    """Requirements of the package.

    In a checkout pyproject.toml says it: the metadata of an editable installation are as old as the installation.

    Raises:
        PipelineError: the package is not installed.
    """
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    if pyproject.is_file():
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == DISTRIBUTION:
            libraries = {"": project["dependencies"], **project["optional-dependencies"]}
            return Declared(project["requires-python"], libraries)
    return _read_metadata(own_distribution())


def own_distribution() -> metadata.Distribution:
    """The installed package's metadata.

    Raises:
        PipelineError: there are none.
    """
    try:
        return metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        raise PipelineError(
            f"{DISTRIBUTION} is not installed in {sys.prefix}: run `pip install --editable .` in the repository"
        ) from None


def find_misfits(texts: list[str]) -> Iterator[Misfit]:
    """Those of the requirements that what is installed does not meet."""
    from packaging.requirements import Requirement

    for text in texts:
        needed = Requirement(text)
        remedy = f"pip install '{needed.name}{needed.specifier}'"
        try:
            version = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            yield Misfit(needed.name, f"{needed.name} is not installed", remedy)
            continue
        if not needed.specifier.contains(version, prereleases=True):
            found = f"{needed.name} {version} is installed, needed {needed.specifier}"
            yield Misfit(needed.name, found, remedy)


def _read_metadata(distribution: metadata.Distribution) -> Declared:
    from packaging.requirements import Requirement

    extras = distribution.metadata.get_all("Provides-Extra") or []
    requirements = [Requirement(text) for text in distribution.requires or ()]
    own = [one for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]
    libraries = {"": [str(one) for one in own]}
    for extra in extras:
        libraries[extra] = [
            f"{one.name}{one.specifier}"
            for one in requirements
            if one not in own and one.marker is not None and one.marker.evaluate({"extra": extra})
        ]
    return Declared(str(distribution.metadata["Requires-Python"]), libraries)
