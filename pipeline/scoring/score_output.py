"""The output folder of scoring.

    OUT/posts/, OUT/sentences/    two Delta tables, see `pipeline.scoring.score_tables`
    OUT/rejects.jsonl             input that could not be used, with reasons
    OUT/_lock, OUT/_ingested/, OUT/_reached    ours

Rows are never changed: the scores of an edited post, or of another model version, stand beside the older ones;
`pipeline.scoring.score_queries` says which are current.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.errors import DataError, shorten
from pipeline.files.durable_files import explain_full_disk, new_file, replacing
from pipeline.files.folder_lock import LOCK, lock_folder
from pipeline.files.stores import Location, is_file, is_uri, join_location, list_names, parse_location
from pipeline.scoring.delta_table import LOG, DataFile, ScoreTable
from pipeline.scoring.score_posts import ScoredBatch
from pipeline.scoring.score_queries import ModelIdentity, list_models
from pipeline.scoring.score_tables import POSTS, SENTENCES, ScoreTables
from pipeline.scoring.work_pieces import WrittenPiece

REJECTS = "rejects.jsonl"
OLD_MANIFEST = "manifest.json"  # of the layout before Delta


class ScoreOutput:
    """An output folder that is locked for us, whose tables are whole; get one from `open_output`."""

    def __init__(self, root: Location, tables: ScoreTables, model: ModelIdentity) -> None:
        self.root = root
        self.tables = tables
        self.model = model
        self._run: dict[str, Any] = {}

    def start_run(self, inputs: Sequence[str]) -> datetime:
        """The stamp of the run, for `scored_at`; nothing is written before the first commit."""
        now = datetime.now(UTC)
        self._run = {
            "model_id": self.model.model_id,
            "bundle_hash": self.model.bundle_hash,
            "codebook_hash": self.model.codebook_hash,
            **({"parents": dict(self.model.parents)} if self.model.parents else {}),
            "inputs": list(inputs),
            "scored_at": now.isoformat(timespec="microseconds"),
        }
        return now

    def commit(self, batches: Sequence[ScoredBatch], next_sequence: int) -> None:
        """Add scored batches, all of them or, after a crash at any moment, none; see `ScoreTables.commit`."""
        posts, sentences = (
            pa.concat_tables([getattr(batch, table) for batch in batches]) for table in (POSTS, SENTENCES)
        )
        self.tables.commit(posts, sentences, next_sequence, self._run)

    def commit_pieces(self, pieces: Sequence[WrittenPiece]) -> None:
        """Add pieces whose data files workers have written; see `ScoreTables.commit_files`.

        Raises:
            DataError: a file is not where the driver looks; see `ScoreTables.commit_files` for others.
        """
        for piece in pieces:
            _require_here(self.tables.posts, piece.posts)
            _require_here(self.tables.sentences, piece.sentences)
        self.tables.commit_files(
            [piece.posts for piece in pieces],
            [piece.sentences for piece in pieces if piece.sentences is not None],
            pieces[-1].next_sequence,
            self._run,
        )

    def finish_run(self) -> None:
        """Note that a run saw its inputs to their end, if it, or one that it went on with, wrote anything."""
        last = self.tables.read_last_run()
        same = ("bundle_hash", "codebook_hash", "inputs")
        if last and not last.get("complete") and all(last.get(key) == self._run[key] for key in same):
            self.tables.note_run({**last, "complete": True})

    def add_rejects(self, lines: Iterable[str]) -> int:
        """Add JSON lines to the rejects file, see `add_rejects`."""
        return add_rejects(Path(self.root, REJECTS), lines)


def add_rejects(path: Path, lines: Iterable[str]) -> int:
    """Add JSON lines to a rejects file, each once however often a run is repeated.

    Returns:
        How many were given.
    """
    known, n_given = set[bytes](), 0
    with replacing(path) as temporary, new_file(temporary) as stream:
        for is_new, line in _chain_lines(path, lines):
            n_given += is_new
            digest = hashlib.blake2b(line, digest_size=16).digest()
            if digest not in known:
                known.add(digest)
                stream.write(line + b"\n")
    return n_given


def _require_here(table: ScoreTable, file: DataFile | None) -> None:
    """On a disk, a file that a worker of another machine wrote may be on that machine alone."""
    folder = table.store.folder
    if file is None or folder is None:
        return
    path = folder / file.path
    if not path.is_file() or path.stat().st_size != file.n_bytes:
        raise DataError(
            f"{path}: a worker has written it, and it is not there: with workers on several machines, the output must "
            "be in an object store or on a disk that all of them share"
        )


@contextmanager
def open_output(root: Location, model: ModelIdentity, *, rescore: bool = False) -> Iterator[ScoreOutput]:
    """Lock an output folder, finish what a crash left, and check that it is whole and fits the model.

    A folder made here goes again if the work in it fails before anything was scored.

    Args:
        root: a new folder, an empty one, or one that an earlier run wrote.
        model: that will score.
        rescore: allow a model version that is new to this folder; its rows stand beside the older ones.

    Raises:
        DataError: another process is writing there; the folder holds something else, other frames or another
            model's scores, or is damaged; the disk is full, now or while the output is used.
    """
    if is_uri(root):
        refuse_old_layout(root)
        _refuse_foreign(root, list_names(root))
        yield _open_tables(root, model, rescore=rescore)
        return
    root = Path(root)
    with explain_full_disk(root):
        _refuse_foreign_folder(root)
        is_new = not root.exists()
        root.mkdir(parents=True, exist_ok=True)
        with lock_folder(root):
            try:
                yield _open_tables(root, model, rescore=rescore)
            except BaseException:
                if is_new:
                    _remove_if_unused(root)
                raise


def _open_tables(root: Location, model: ModelIdentity, *, rescore: bool) -> ScoreOutput:
    tables = ScoreTables.open_to_write(root, model.frame_ids)
    _refuse_other_model(root, tables, model, rescore=rescore)
    return ScoreOutput(root, tables, model)


def read_tables(root: Location) -> ScoreTables:
    """The tables of an output folder.

    Raises:
        DataError: there are none, or they cannot be read by this version.
    """
    root = parse_location(root) if isinstance(root, str) else root
    refuse_old_layout(root)
    tables = ScoreTables.open(root)
    if tables is None:
        raise DataError(f"{root}: no scores there; `frames predict` writes them")
    return tables


def refuse_old_layout(root: Location) -> None:
    """Say what to do with an output of the layout before Delta.

    Raises:
        DataError: it is one.
    """
    if is_file(join_location(root, OLD_MANIFEST)):
        raise DataError(
            f"{root}: was written by an older version of narrative-frames, in another layout. Convert it into a new "
            f"folder, which leaves it as it is: frames scores convert {root} NEW"
        )


def _refuse_foreign_folder(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise DataError(f"{root}: is a file; the output is a folder: give another name")
    if not root.is_dir():
        return
    refuse_old_layout(root)
    _refuse_foreign(root, (path.name for path in root.iterdir()))


def _refuse_foreign(root: Location, names: Iterable[str]) -> None:
    foreign = [name for name in names if not name.startswith("_")]
    if foreign and not {POSTS, SENTENCES} & set(foreign):
        raise DataError(
            f"{root}: holds '{shorten(min(foreign))}' and no scores; give a new or empty folder, so that nothing of "
            "yours is touched"
        )


def _refuse_other_model(root: Location, tables: ScoreTables, model: ModelIdentity, *, rescore: bool) -> None:
    if tables.frame_ids != model.frame_ids:
        raise DataError(
            f"{root}: its columns are the frames {', '.join(tables.frame_ids)}; this model has "
            f"{', '.join(model.frame_ids)}: give another output folder"
        )
    if rescore or tables.next_sequence == 0:
        return
    models = list_models(tables)
    if models and model.bundle_hash not in models:
        raise DataError(
            f"{root}: holds scores of {', '.join(sorted(models.values()))}; this model is {model.model_id}. Give "
            "another output folder, or --rescore to keep the scores of both side by side"
        )


def _remove_if_unused(root: Path) -> None:
    """Remove an output folder, which must be locked, unless it holds a file besides the lock and two empty tables.

    Files are removed by name and folders only when empty, the lock last: nothing that appears meanwhile is lost.
    """
    mine = {root / LOCK, *(root / table / LOG / f"{0:020d}.json" for table in (POSTS, SENTENCES))}
    inside = sorted(root.rglob("*"), reverse=True)  # what is deeper comes first
    if any(not path.is_dir() and path not in mine for path in inside):
        return
    with suppress(OSError):
        for path in inside:
            if path.is_dir():
                path.rmdir()
            elif path != root / LOCK:
                path.unlink()
        (root / LOCK).unlink()
        root.rmdir()


def _chain_lines(path: Path, lines: Iterable[str]) -> Iterator[tuple[bool, bytes]]:
    """The lines of a file, if there is one, and then new ones; without their ends."""
    if path.exists():
        with path.open("rb") as stream:
            yield from ((False, line.rstrip(b"\n")) for line in stream)
    yield from ((True, line.rstrip("\n").encode()) for line in lines)
