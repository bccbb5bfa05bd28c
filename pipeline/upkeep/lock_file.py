"""Hashes of what pip installs: `python -m pipeline.upkeep.lock_file REPORT -o FILE`, called by `make lock`.

Of our own because the builds of torch differ: resolvers that read a registry take its CUDA build, some gigabytes, where
pip on the machine of the lock took the one for processors. Pip's own report says which file that was.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from packaging.utils import canonicalize_name

from pipeline.commands.terminal import console, run_command
from pipeline.errors import DataError
from pipeline.files.durable_files import replacing

DISTRIBUTION: Final = "narrative-frames"


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


def _locked(item: dict[str, Any]) -> str:
    name, version = canonicalize_name(item["metadata"]["name"]), item["metadata"]["version"]
    if name == DISTRIBUTION:
        return ""
    digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def lock(
    report: Annotated[Path, typer.Argument(help="What pip reported.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
) -> None:
    """Write requirements with hashes."""

    def work() -> None:
        with replacing(output) as temporary:
            temporary.write_text(make_lock(report), encoding="utf-8")
        console().print(f"{output}: written")

    run_command(work)


if __name__ == "__main__":
    typer.run(lock)
