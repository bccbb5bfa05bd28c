"""Sealing: what published figures rest on, in one file from which anybody can compute them again."""

import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pipeline.archive.archived_models import ArchivedModel, put_comparison, put_model
from pipeline.archive.archived_shares import put_shares
from pipeline.archive.contents import CONTENTS, Contents, write_json
from pipeline.archive.replay_archive import Replay, replay_folder
from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk
from pipeline.files.file_hashes import file_sha256, hash_files
from pipeline.files.sealed_zip import write_zip
from pipeline.prevalence.share_records import ShareReport
from pipeline.prevalence.share_settings import ShareSettings

PACKAGES: Final = ("narrative-frames", "numpy", "scipy", "pandas", "scikit-learn", "duckdb", "pyarrow")
_README: Final = """Figures of a study, and what they rest on.

`frames replay THIS.zip` (narrative-frames {version}) computes them again and says what differs, offline.
archive.json lists the files; docs/archive.md of narrative-frames says what each holds.
"""


@dataclass(frozen=True, slots=True)
class SharesWanted:
    """Shares to archive, by what `report_shares` takes."""

    scores: Path
    samples: tuple[Path, ...]
    frames: tuple[str, ...]
    settings: ShareSettings


@dataclass(frozen=True, slots=True)
class Sealed:
    """An archive that was written.

    Attributes:
        path: of it.
        seal: SHA-256 of its list of contents, which names every other file by its own.
        n_bytes: its size.
        replay: what computing again gave, before it was written.
        report: the shares in it; None for none.
        notes: for people.
    """

    path: Path
    seal: str
    n_bytes: int
    replay: Replay
    report: ShareReport | None
    notes: tuple[str, ...]


def write_archive(
    path: Path,
    shares: SharesWanted | None = None,
    bundles: Sequence[Path] = (),
    comparisons: Sequence[Path] = (),
    *,
    with_texts: bool = False,
) -> Sealed:
    """Archive figures, once they are computed again from what the archive holds.

    Args:
        path: of the archive to write.
        shares: to compute and to archive.
        bundles: models whose figures on their test fold are archived.
        comparisons: files with what `frames compare --json` printed of two of these.
        with_texts: put in the texts of sentences and sample.

    Raises:
        DataError: nothing to archive, the file exists, or a figure cannot be computed again from the archive.
        ModelError: a bundle cannot be used.
    """
    if shares is None and not bundles:
        raise DataError("nothing to archive: give --scores SCORES or --model BUNDLE, or both")
    if path.exists():
        raise DataError(f"{path}: exists already; an archive is never written over another")
    path.parent.mkdir(parents=True, exist_ok=True)
    with explain_full_disk(path.parent), tempfile.TemporaryDirectory(prefix="frames-") as temporary:
        folder = Path(temporary)
        recipe = report = None
        if shares is not None:
            recipe, report = put_shares(
                folder, shares.scores, shares.samples, shares.frames, shares.settings, with_texts=with_texts
            )
        models = [put_model(folder / f"models/{number}", bundle) for number, bundle in enumerate(bundles)]
        compared = [
            put_comparison(folder / f"comparisons/{number}.json", file, models)
            for number, file in enumerate(comparisons)
        ]
        installed = list_versions()
        (folder / "README.txt").write_text(
            _README.format(version=installed["narrative-frames"]), encoding="utf-8"
        )
        contents = Contents(
            with_texts=with_texts,
            versions=installed,
            shares=recipe,
            models=tuple(model.model_id for model in models),
            comparisons=tuple(compared),
            files=hash_files(folder),
        )
        write_json(folder / CONTENTS, contents.model_dump(mode="json"))
        replay = replay_folder(folder, contents)
        if differing := [figure for figure in replay.figures if figure.differences]:
            raise DataError(
                f"{differing[0].name}: computed again from what the archive would hold, {differing[0].differences[0]}. "
                "A comparison on rows of its own (--data) cannot be archived; else the scores or files were changed "
                "meanwhile"
            )
        write_zip(path, _list_files(folder))
        return Sealed(
            path,
            file_sha256(folder / CONTENTS),
            path.stat().st_size,
            replay,
            report,
            tuple(_note_models(report, models)),
        )


def _note_models(report: ShareReport | None, models: Sequence[ArchivedModel]) -> list[str]:
    given = {model.model_id for model in models}
    missing = [str(model["model_id"]) for model in (report.models if report else ())]
    missing = [name for name in missing if name not in given]
    if not missing:
        return []
    note = (
        f"{', '.join(missing)} gave the scores and stands in the archive by its hash alone; --model BUNDLE adds its "
        "config, codebook and test figures"
    )
    return [note]


def list_versions() -> dict[str, str | None]:
    """Of Python and of the packages that compute figures."""
    return {"python": platform.python_version(), **{name: _find_version(name) for name in PACKAGES}}


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _list_files(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
