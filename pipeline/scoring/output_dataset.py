"""The output of scoring: two Parquet datasets that hold each scored post exactly once.

    OUT/manifest.json                                         frames, and the runs that wrote here
    OUT/posts/channel_folder=.../month=.../part-000001.parquet
    OUT/sentences/channel_folder=.../month=.../part-000001.parquet
    OUT/rejects.jsonl                                         input that could not be used, with reasons
    OUT/_lock, OUT/_log/, OUT/_staging/, OUT/_ingested/       ours; readers pass over names with "_"

A part file is one transaction's; `pipeline.scoring.transactions` says how it comes about.

The column `channel` stands in the files; the folder's name is another column, `channel_folder`, since a name
in a path is made lower case, escaped and shortened, and since readers differ when a column is in both places
or guess a number from its name. Rows are never changed: the scores of an edited post, or of another model
version, stand beside the older ones; `pipeline.scoring.read_scores` picks the current ones.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.posts import DAMAGE
from pipeline.errors import DataError, shorten
from pipeline.files.durable_files import explain_full_disk, new_file, read_json, replacing, write_json
from pipeline.files.folder_lock import lock_folder
from pipeline.scoring.part_files import PART_PATTERN, damaged, verify_parts, write_part
from pipeline.scoring.score_posts import ScoredBatch
from pipeline.scoring.scored_keys import ScoredKeys, digest_key
from pipeline.scoring.transactions import TransactionLog, remove_if_unused

FORMAT = 1
MANIFEST, REJECTS = "manifest.json", "rejects.jsonl"
TABLES = ("sentences", "posts")
_MAX_FOLDER_NAME = 150  # characters, escapes included; file systems allow 255 bytes
_TICK = timedelta(microseconds=1)  # what a time on the disk can tell apart
_KEY_COLUMNS = ("post_key", "content_hash", "bundle_hash", "codebook_hash")


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What a row names as its origin, and the frames that are columns."""

    model_id: str
    bundle_hash: str
    codebook_hash: str
    frame_ids: tuple[str, ...]


class OutputDataset:
    """An output folder that is locked for us and recovered; get one from `open_dataset`."""

    def __init__(self, root: Path, identity: ModelIdentity, *, rescore: bool) -> None:
        self.root = root
        self._identity = identity
        self._log = TransactionLog(root)
        self._manifest = _open_manifest(root, identity, rescore=rescore)
        self._run: dict[str, Any] = {}
        for table in TABLES:
            (root / table).mkdir(exist_ok=True)

    def start_run(self, inputs: Sequence[str]) -> datetime:
        """The stamp for `scored_at`: now, or that of the unfinished run over the same inputs.

        It lies behind the stamps of all earlier runs even if the clock was put back since: of the scores of a post
        those of the last run are current.

        Nothing is written before the first commit, so a run that finds nothing new leaves no trace.
        """
        origin = {
            "model_id": self._identity.model_id,
            "bundle_hash": self._identity.bundle_hash,
            "codebook_hash": self._identity.codebook_hash,
            "inputs": list(inputs),
        }
        runs = self._manifest["runs"]
        is_resumed = bool(runs) and not runs[-1]["complete"] and origin.items() <= runs[-1].items()
        if is_resumed:
            stamp = datetime.fromisoformat(runs[-1]["scored_at"])
        else:
            earlier = [datetime.fromisoformat(run["scored_at"]) + _TICK for run in runs]
            stamp = max([datetime.now(UTC), *earlier])
        written = stamp.isoformat(timespec="microseconds")
        self._run = {**origin, "scored_at": written, "complete": False}
        return datetime.fromisoformat(written)

    def read_scored_keys(self) -> ScoredKeys:
        """Digests of what this model version has scored; memory grows by about 20 bytes for each post.

        Raises:
            DataError: a file of the dataset is damaged.
        """
        keys = ScoredKeys()
        wanted = (self._identity.bundle_hash, self._identity.codebook_hash)
        verify_parts(self.root, TABLES)
        for path in sorted((self.root / "posts").rglob(PART_PATTERN)):
            try:
                with pq.ParquetFile(path, pre_buffer=False) as file:
                    for batch in file.iter_batches(columns=list(_KEY_COLUMNS)):
                        rows = zip(*(batch.column(name).to_pylist() for name in _KEY_COLUMNS), strict=True)
                        keys.add([digest_key(row[0], row[1]) for row in rows if row[2:] == wanted])
            except DAMAGE as error:
                raise damaged(path, error) from None
        return keys

    def commit(self, batches: Sequence[ScoredBatch]) -> None:
        """Add scored batches, all of them or, after a crash at any moment, none."""
        self._record_run(complete=False)
        name, staging = self._log.begin()
        files: dict[str, str] = {}
        try:
            for table in TABLES:
                rows = pa.concat_tables([getattr(batch, table) for batch in batches])
                for folder, part in _partition(rows):
                    file = f"{table}/{folder}/part-{name}.parquet"
                    files[file] = write_part(staging / file, part)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)  # room for others when the disk is full
            raise
        self._log.commit(name, files, sum(len(batch.posts) for batch in batches))

    def finish_run(self) -> None:
        """Note that the run saw its inputs to their end; does nothing if it committed nothing."""
        if self._manifest["runs"] and self._manifest["runs"][-1]["scored_at"] == self._run["scored_at"]:
            self._record_run(complete=True)

    def add_rejects(self, lines: Iterable[str]) -> int:
        """Add JSON lines to the rejects file, each once however often a run is repeated.

        Returns:
            How many were given.
        """
        path, known, n_given = self.root / REJECTS, set[bytes](), 0
        with replacing(path) as temporary, new_file(temporary) as stream:
            for is_new, line in _chain_lines(path, lines):
                n_given += is_new
                digest = hashlib.blake2b(line, digest_size=16).digest()
                if digest not in known:
                    known.add(digest)
                    stream.write(line + b"\n")
        return n_given

    def _record_run(self, *, complete: bool) -> None:
        """Keep this run as the last one of the manifest, written only when something changes."""
        runs = self._manifest["runs"]
        is_listed = bool(runs) and runs[-1]["scored_at"] == self._run["scored_at"]
        if is_listed and runs[-1]["complete"] == complete:
            return
        self._run["complete"] = complete
        self._manifest["runs"] = [*(runs[:-1] if is_listed else runs), dict(self._run)]
        write_json(self.root / MANIFEST, self._manifest)


@contextmanager
def open_dataset(root: Path, identity: ModelIdentity, *, rescore: bool = False) -> Iterator[OutputDataset]:
    """Lock an output folder, finish or undo what a crash left, and check that it fits the model.

    A folder made here goes again if the work in it fails before anything was written besides the empty manifest.

    Args:
        root: a new folder, an empty one, or one that an earlier run wrote.
        identity: of the model that will score.
        rescore: allow a model version that is new to this folder; its rows stand beside the older ones.

    Raises:
        DataError: another process is writing there; the folder holds something else, other frames or
            another model's scores; the disk is full, now or while the dataset is used.
    """
    with explain_full_disk(root):
        _refuse_foreign_folder(root)
        is_new = not root.exists()
        root.mkdir(parents=True, exist_ok=True)
        with lock_folder(root):
            try:
                yield OutputDataset(root, identity, rescore=rescore)
            except BaseException:
                if is_new:
                    remove_if_unused(root, [MANIFEST])
                raise


def read_output_manifest(root: Path) -> dict[str, Any]:
    """The manifest of an output folder.

    Raises:
        DataError: there is none, or it cannot be read by this version.
    """
    path = root / MANIFEST
    try:
        manifest = read_json(path, ("format", "frames", "runs"))
    except FileNotFoundError:
        raise DataError(f"{root}: no scores there (no {MANIFEST}); `frames predict` writes them") from None
    if manifest.get("format") != FORMAT:
        raise DataError(
            f"{path}: format {manifest.get('format')!r}; this version reads {FORMAT}: use a new output folder"
        )
    return manifest


def _refuse_foreign_folder(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise DataError(f"{root}: is a file; the output is a folder: give another name")
    if not root.is_dir() or (root / MANIFEST).exists():
        return
    foreign = [path.name for path in root.iterdir() if not path.name.startswith("_")]
    if foreign:
        raise DataError(
            f"{root}: holds '{shorten(min(foreign))}' and no scores; give a new or empty folder, so that nothing of "
            "yours is touched"
        )


def _open_manifest(root: Path, identity: ModelIdentity, *, rescore: bool) -> dict[str, Any]:
    manifest: dict[str, Any]
    if not (root / MANIFEST).exists():
        manifest = {"format": FORMAT, "frames": list(identity.frame_ids), "runs": []}
        write_json(root / MANIFEST, manifest)
        return manifest
    manifest = read_output_manifest(root)
    if tuple(manifest["frames"]) != identity.frame_ids:
        raise DataError(
            f"{root}: its columns are the frames {', '.join(manifest['frames'])}; this model has "
            f"{', '.join(identity.frame_ids)}: give another output folder"
        )
    models = {run["bundle_hash"]: run["model_id"] for run in manifest["runs"]}
    if models and identity.bundle_hash not in models and not rescore:
        raise DataError(
            f"{root}: holds scores of {', '.join(models.values())}; this model is {identity.model_id}. Give "
            "another output folder, or --rescore to keep the scores of both side by side"
        )
    return manifest


def _chain_lines(path: Path, lines: Iterable[str]) -> Iterator[tuple[bool, bytes]]:
    """The lines of a file, if there is one, and then new ones; without their ends."""
    if path.exists():
        with path.open("rb") as stream:
            yield from ((False, line.rstrip(b"\n")) for line in stream)
    yield from ((True, line.rstrip("\n").encode()) for line in lines)


def _partition(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each channel and month with their folder, in the order in which they came."""
    months = rows["published_at"].cast(pa.timestamp("us")).to_numpy().astype("datetime64[M]").astype(str)
    channels = rows["channel"].combine_chunks().dictionary_encode()
    names = np.array([channel_folder(name or "") for name in channels.dictionary.to_pylist()], object)
    folders = [
        f"channel_folder={name}/month={'undated' if month == 'NaT' else month}"
        for name, month in zip(names[channels.indices.to_numpy()], months, strict=True)
    ]
    rank = {folder: i for i, folder in enumerate(sorted(set(folders)))}
    of_row = np.fromiter((rank[folder] for folder in folders), np.int64, len(folders))
    ordered = rows.take(pa.array(np.argsort(of_row, kind="stable")))
    ends = np.bincount(of_row, minlength=len(rank)).cumsum()
    for folder, i in rank.items():
        start = int(ends[i - 1]) if i else 0
        yield folder, ordered.slice(start, int(ends[i]) - start)


def channel_folder(channel: str) -> str:
    """A folder name for a channel: lower case, percent-encoded; long names are cut and end in a digest.

    Names that differ in case alone share a folder, which keeps them apart from nothing: the files hold the
    channel's own name.
    """
    name = channel.casefold().strip()
    escaped = quote(name, safe="")
    if len(escaped) <= _MAX_FOLDER_NAME:
        return escaped or "unnamed"
    digest = hashlib.sha256(channel.encode()).hexdigest()[:12]
    kept = name
    while len(quote(kept, safe="")) > _MAX_FOLDER_NAME - len(digest) - 1:
        kept = kept[:-1]
    return f"{quote(kept, safe='')}~{digest}"
