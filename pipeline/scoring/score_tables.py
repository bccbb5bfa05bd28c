"""Where scores are kept: two Delta tables, OUT/posts and OUT/sentences, that tell one truth.

Delta commits to one table at a time, so a process may end between the two commits of a batch. Therefore:

1. The data files of both tables are written; nothing refers to them yet.
2. The commit to `sentences` makes its files count, and names in its metadata the files of `posts`.
3. The commit to `posts` makes those count.

Both commits carry the same number (`next_sequence`). Whoever opens the tables to write and finds `sentences` ahead of
`posts` does step 3, with the files that step 2 named, before anything else. Nothing is scored again or taken back, so
it does not matter whether the input still is what it was. Who reads meanwhile, with whatever tool, finds sentences
that were scored once and whose posts are about to appear; `pipeline.scoring.read_scores` begins with the posts and
does not see them. A process that ends in step 1 leaves files that no log names, which `frames compact` removes after
a week. Two processes cannot both commit a number: delta-rs refuses the second, on every kind of store.

If one log loses its last commits, the numbers differ in a way that no crash brings about, or the repair above puts the
commit back. Against the loss of both at once, as of a file system after a power cut, OUT/_reached holds the number of
the last batch that is complete; a copy of the output without it is without this check.

Each row of `posts` has a `sequence` of its own, larger than all that were committed before it, and the rows of its
sentences have the same. It says which of two versions was seen last, and which sentences belong to which version.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from pipeline.errors import DataError
from pipeline.files.durable_files import new_file, replacing
from pipeline.files.stores import Location, is_file, join_location, read_from_store, write_to_store
from pipeline.scoring.delta_table import LOG, DataFile, ScoreTable, Store
from pipeline.scoring.score_posts import list_frames, post_schema, sentence_schema

POSTS, SENTENCES = "posts", "sentences"
FORMAT = "narrative-frames scores, format 2"
_BATCH = "narrative_frames_batch"  # in the metadata of a commit: what step 3 needs
_RUN = "narrative_frames_run"
_REACHED = "_reached"
_NUMBER = re.compile(rb"\d{1,18}\n")


class ScoreTables:
    """Both tables, opened together.

    One process at a time may commit; on file systems the caller holds a lock, elsewhere the second is refused.
    """

    def __init__(
        self, location: Location, posts: ScoreTable, sentences: ScoreTable, reached: int = 0
    ) -> None:
        self.location = location
        self.posts = posts
        self.sentences = sentences
        self._reached = reached

    @classmethod
    def open(cls, location: Location) -> Self | None:
        """The tables at a place, to read; None where there are none.

        Posts are opened first: of all posts that are seen, the sentences are seen.

        Raises:
            DataError: a log is lost or damaged.
        """
        reached = _read_reached(location)  # first, since another process may write meanwhile
        posts, sentences = (ScoreTable.open(_place(location, name)) for name in (POSTS, SENTENCES))
        if posts is None and (sentences is None or sentences.progress == 0) and not reached:
            return None
        for name, table in ((POSTS, posts), (SENTENCES, sentences)):
            if table is None:
                raise DataError(
                    f"{_place(location, name)}/{LOG}: lost, while the other table or {_REACHED} is there. Restore it "
                    "from a copy of the whole output, or score into a new one"
                )
        assert posts is not None  # noqa: S101 - for mypy, which cannot follow the loop
        assert sentences is not None  # noqa: S101
        if sentences.progress < max(posts.progress, reached):
            raise _lost(sentences, max(posts.progress, reached))
        return cls(location, posts, sentences, reached)

    @classmethod
    def open_to_write(cls, location: Location, frame_ids: Sequence[str]) -> Self:
        """The tables at a place, made if there are none; what a crash left undone is done.

        The name and size of every data file are compared with the log, and the bytes of the posts' files, which are
        about to be read. The bytes of the larger table of sentences are verified when they are read or merged.

        Args:
            location: of both tables.
            frame_ids: of new tables.

        Raises:
            DataError: a log or a data file is lost or damaged; nothing was written.
        """
        tables = cls.open(location) or cls._create(location, frame_ids)
        tables.sentences.require_whole(verify_bytes=False)
        tables.posts.require_whole(verify_bytes=True)
        tables.finish_batch()
        return tables

    @classmethod
    def _create(cls, location: Location, frame_ids: Sequence[str]) -> Self:
        sentences = ScoreTable.open(_place(location, SENTENCES)) or ScoreTable.create(
            _place(location, SENTENCES), sentence_schema(frame_ids), FORMAT
        )
        posts = ScoreTable.create(_place(location, POSTS), post_schema(frame_ids), FORMAT)
        return cls(location, posts, sentences)

    def require_whole(self) -> None:
        """Verify every byte of both tables, for who reads them.

        Raises:
            DataError: a log or a data file is lost or damaged; the message names it.
        """
        if self.posts.progress < self._reached:
            raise DataError(
                f"{self.posts.store.location}/{LOG}: has lost its last commit, which the other table still knows: "
                f"`frames compact {self.location}` puts it back"
            )
        for table in (self.posts, self.sentences):
            table.require_whole(verify_bytes=True)

    @property
    def frame_ids(self) -> tuple[str, ...]:
        """The frames that are columns."""
        return list_frames(self.posts.schema)

    @property
    def next_sequence(self) -> int:
        """No row has this `sequence` or a larger one."""
        return self.posts.progress

    def commit(
        self, posts: pa.Table, sentences: pa.Table, next_sequence: int, run: Mapping[str, Any]
    ) -> None:
        """Add a batch of scores, wholly or not at all; see `commit_files`.

        Args:
            posts: rows of `post_schema`.
            sentences: rows of `sentence_schema`.
            next_sequence: of the tables after this batch.
            run: what the log says of the run.
        """
        of_posts = self.posts.store.write(posts)
        try:
            of_sentences = [self.sentences.store.write(sentences)] if sentences.num_rows else []
        except BaseException:
            self.posts.store.remove(of_posts)  # room for others when the disk is full
            raise
        self.commit_files([of_posts], of_sentences, next_sequence, run)

    def commit_files(
        self,
        posts: Sequence[DataFile],
        sentences: Sequence[DataFile],
        next_sequence: int,
        run: Mapping[str, Any],
    ) -> None:
        """Add a batch of scores whose data files were written by `Store.write`, perhaps by other processes.

        Args:
            posts: files of `post_schema` in the store of `self.posts`.
            sentences: files of `sentence_schema` in the store of `self.sentences`.
            next_sequence: larger than every `sequence` in these files and than `self.next_sequence`.
            run: JSON values that say in the log where the batch comes from.

        Raises:
            DataError: another process committed to these tables since they were opened; the store is gone.
        """
        if next_sequence <= self.next_sequence:
            raise ValueError(f"expected a number above {self.next_sequence}, got {next_sequence}")
        files = [[file.path, file.n_bytes, file.n_rows] for file in posts]
        batch = {"begins_at": self.next_sequence, "posts": files, "run": dict(run)}
        self.sentences.commit(sentences, next_sequence, {_BATCH: batch})
        self._complete(posts, next_sequence, run)

    def _complete(self, posts: Sequence[DataFile], next_sequence: int, run: Mapping[str, Any]) -> None:
        self.posts.commit(posts, next_sequence, {_RUN: {**run, "complete": False}})
        _write_reached(self.location, next_sequence)

    def note_run(self, run: Mapping[str, Any]) -> None:
        """Write what is now known of the last run; no rows are changed."""
        self.posts.note({_RUN: dict(run)})

    def read_last_run(self) -> dict[str, Any] | None:
        """What was given as `run` with the last batch or note, with `complete`; None without any."""
        run: dict[str, Any] | None = self.posts.read_last_metadata(_RUN)
        return run

    def finish_batch(self) -> None:
        """Commit the posts of a batch whose sentences were committed by a process that then ended, if there is one.

        Raises:
            DataError: the tables differ in a way that no crash brings about.
        """
        done, stated = self.posts.progress, self.sentences.progress
        if done == stated:
            return
        batch = self.sentences.read_last_metadata(_BATCH)
        if not isinstance(batch, dict) or batch["begins_at"] != done:
            raise _lost(self.posts, stated)
        files = [DataFile(*file) for file in batch["posts"]]
        sizes = self.posts.store.list_sizes()
        for file in files:
            if sizes.get(file.path) != file.n_bytes:
                raise DataError(
                    f"{self.posts.store.location}/{file.path}: gone or cut before its batch was complete. Restore it "
                    "from a copy of the whole output, or score into a new one"
                )
        self._complete(files, stated, batch["run"])


def open_store(location: Location, table: str) -> Store:
    """The store of one of the tables, for workers that write its data files.

    Args:
        location: of both tables.
        table: `POSTS` or `SENTENCES`.
    """
    return Store(_place(location, table))


def _place(location: Location, table: str) -> str:
    return f"{str(location).rstrip('/')}/{table}"


def _lost(table: ScoreTable, reached: int) -> DataError:
    return DataError(
        f"{table.store.location}/{LOG}: has lost its last commits: it stands at {table.progress:,}; the other table "
        f"or {_REACHED}, at {reached:,}. Restore it from a copy of the whole output, or score into a new one"
    )


def _read_reached(location: Location) -> int:
    """The `next_sequence` of some complete batch, mostly the last; 0 where none is noted."""
    place = join_location(location, _REACHED)
    if not is_file(place):
        return 0
    content = place.read_bytes() if isinstance(place, Path) else read_from_store(place)
    if not _NUMBER.fullmatch(content):
        raise DataError(
            f"{place}: damaged: expected a number. Remove this file if the tables beside it are whole"
        )
    return int(content)


def _write_reached(location: Location, next_sequence: int) -> None:
    place, content = join_location(location, _REACHED), b"%d\n" % next_sequence
    if not isinstance(place, Path):
        write_to_store(place, content)
        return
    with replacing(place) as temporary, new_file(temporary) as stream:
        stream.write(content)
