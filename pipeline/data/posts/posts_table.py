"""The posts table: every post once, whatever exports it was read from; `pipeline.data.posts.ingest` writes it.

A post is known by `post_key`: "CHANNEL/NUMBER", or, where the export has no numbers, "CHANNEL#" and 16 hexadecimal
digits of the SHA-256 of text and time. `content_hash` is the SHA-256 of the text and tells its versions apart.

`views` and `forwards` are those of the export, rounded where the source rounds ("1.2K"). `reactions` is a JSON object
of name -> count. `links` are the addresses in the text and behind its words, divided by spaces. `seen_at` is a time at
or after which the export was made that holds this text; only exports that show a channel at one moment have one.
"""

import contextlib
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.data.exports.field_values import make_excerpt
from pipeline.data.exports.raw_posts import RawPost
from pipeline.data.exports.times import EARLIEST, LATEST
from pipeline.data.text.language import identify_language
from pipeline.errors import DataError, shorten
from pipeline.files.stores import Location, hide_secrets, is_file, is_uri, open_filesystem

POSTS_SCHEMA: Final = pa.schema(
    [
        pa.field("post_key", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("message_id", pa.int64()),
        pa.field("published_at", pa.timestamp("us", "UTC")),
        pa.field("text", pa.string(), nullable=False),
        pa.field("forwarded_from", pa.string()),
        pa.field("edited_at", pa.timestamp("us", "UTC")),
        pa.field("views", pa.int64()),
        pa.field("forwards", pa.int64()),
        pa.field("lang", pa.string(), nullable=False),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_record", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("channel_id", pa.string()),
        pa.field("topic", pa.string()),
        pa.field("reply_to", pa.int64()),
        pa.field("reactions", pa.string()),
        pa.field("links", pa.string()),
        pa.field("media", pa.string()),
        pa.field("seen_at", pa.timestamp("us", "UTC")),
    ]
)
_FIRST_COLUMNS: Final = 13  # those that every posts table has; tables written before the others lack them
_LINK = re.compile(r"https?://[^\s<>\"«»“”]+")
_LINK_END: Final = ".,;:!?)]}'’…*_"
_BATCH_ROWS: Final = 10_000
_KIND, _POSTS = (
    b"narrative_frames",
    b"posts",
)  # in the file's metadata: what it is, even if column names are damaged
# What a damaged file makes the Parquet reader raise.
DAMAGE: Final = (pa.ArrowException, OSError, ValueError, KeyError, RuntimeError, MemoryError, OverflowError)


def make_post_key(post: RawPost) -> str:
    """Name a post: "CHANNEL/NUMBER", or channel and a digest of text and time where there is no number."""
    if post.message_id is not None:
        return f"{post.channel}/{post.message_id}"
    content = post.text if post.published_at is None else f"{post.text}\0{post.published_at.isoformat()}"
    return f"{post.channel}#{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def make_post_row(post: RawPost, source_file: str) -> dict[str, Any]:
    """A row of POSTS_SCHEMA."""
    return {
        "post_key": make_post_key(post),
        "channel": post.channel,
        "message_id": post.message_id,
        "published_at": post.published_at,
        "text": post.text,
        "forwarded_from": post.forwarded_from,
        "edited_at": post.edited_at,
        "views": post.views,
        "forwards": post.forwards,
        "lang": identify_language(post.text),
        "source_file": source_file,
        "source_record": post.record,
        "content_hash": hashlib.sha256(post.text.encode()).hexdigest(),
        "channel_id": post.channel_id,
        "topic": post.topic,
        "reply_to": post.reply_to,
        "reactions": post.reactions,
        "links": " ".join(_find_links(post)) or None,
        "media": post.media,
        "seen_at": post.seen_at,
    }


def _find_links(post: RawPost) -> Iterable[str]:
    """Addresses that the text shows, then those it does not, each once."""
    shown = (match[0].rstrip(_LINK_END) for match in _LINK.finditer(post.text))
    return dict.fromkeys((*shown, *post.links))


def history_path(table: Path) -> Path:
    """Where `ingest` keeps the older texts of edited posts, with the same columns."""
    return table.with_name(f"{table.stem}.history.parquet")


def iter_posts(
    path: Location, columns: Sequence[str] | None = None, batch_rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Stream a posts table.

    Args:
        path: a table that `ingest` wrote, perhaps in an object store.
        columns: of POSTS_SCHEMA, in the order wanted; None for all.
        batch_rows: most rows in a batch.

    Yields:
        Batches of at least one row, with the types of POSTS_SCHEMA.

    Raises:
        DataError: no such file, or not a posts table.
    """
    schema = POSTS_SCHEMA if columns is None else pa.schema([POSTS_SCHEMA.field(name) for name in columns])
    _require_table(path)
    with explain_damage(path):
        for posts in iter_columns(path, schema, batch_rows):
            _check_values(posts)
            yield posts


def read_stretch(path: Location, first_row: int, n_rows: int, columns: Sequence[str]) -> pa.RecordBatch:
    """Some rows of a posts table, read without those before their row group.

    Args:
        path: see `iter_posts`.
        first_row: in the table, from 0.
        n_rows: how many; there are so many.
        columns: see `iter_posts`.

    Raises:
        DataError: see `iter_posts`.
    """
    schema = pa.schema([POSTS_SCHEMA.field(name) for name in columns])
    name, filesystem = open_filesystem(path)
    # pre-buffered pages would stay in memory to the end
    with (
        explain_damage(path),
        pq.ParquetFile(
            name, filesystem=filesystem, pre_buffer=False, page_checksum_verification=True
        ) as file,
    ):
        groups, n_before = _find_row_groups(file.metadata, first_row, n_rows)
        batches, end = [], n_before + n_rows
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=list(columns)):
            batches.append(batch)
            end -= batch.num_rows
            if end <= 0:
                break
        if end > 0:
            raise pa.ArrowInvalid(f"{end:,} rows of those from {first_row:,} on are missing")
        rows = pa.Table.from_batches(batches).slice(n_before, n_rows).select(columns).cast(schema)
        [posts] = rows.combine_chunks().to_batches()
        _check_values(posts)
        return posts


def _find_row_groups(metadata: pq.FileMetaData, first_row: int, n_rows: int) -> tuple[list[int], int]:
    """Row groups that hold rows of a stretch, and rows of the first one that come before it."""
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    starts = [end - size for end, size in zip(itertools.accumulate(sizes), sizes, strict=True)]
    groups = [
        i
        for i, (start, size) in enumerate(zip(starts, sizes, strict=True))
        if start < first_row + n_rows and start + size > first_row
    ]
    return groups, first_row - starts[groups[0]] if groups else 0


def read_posts(path: Location, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a posts table into memory, whole numbers as nullable Int64; see `iter_posts`."""
    schema = POSTS_SCHEMA if columns is None else pa.schema([POSTS_SCHEMA.field(name) for name in columns])
    frame: pd.DataFrame = pa.Table.from_batches(iter_posts(path, columns), schema).to_pandas(
        types_mapper={pa.int64(): pd.Int64Dtype()}.get
    )
    return frame


def is_posts_table(path: Location) -> bool:
    """Whether the file is Parquet with the columns of POSTS_SCHEMA that every version has had.

    Raises:
        DataError: it says that it is such a table and lacks columns, so that it is damaged; or its store cannot be
            reached.
    """
    if is_uri(path) and not is_file(path):
        return False
    name, filesystem = open_filesystem(path)
    try:
        found = pq.read_schema(name, filesystem=filesystem)
    except DAMAGE:
        return False
    missing = sorted(set(POSTS_SCHEMA.names[:_FIRST_COLUMNS]) - set(found.names))
    is_marked = (found.metadata or {}).get(_KIND) == _POSTS
    unknown = sorted(set(found.names) - set(POSTS_SCHEMA.names)) if is_marked else []
    if unknown and not missing:
        with explain_damage(path):
            raise pa.ArrowInvalid(
                f"it has a column '{shorten(unknown[0], 60)}', which this version does not know: a name was changed, "
                "or a later version wrote it"
            )
    if missing and is_marked:
        with explain_damage(path):
            raise pa.ArrowInvalid(f"the names of its columns were changed, '{missing[0]}' is missing")
    return not missing


def _check_values(batch: pa.RecordBatch) -> None:
    """Refuse texts that are no UTF-8 and times that Python cannot hold, which a forged table may have."""
    batch.validate(full=True)
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            for moment in pc.min_max(column).as_py().values():  # OverflowError: beyond the year 9999
                if moment is not None and not EARLIEST <= moment < LATEST:
                    raise ValueError(f"a time outside {EARLIEST.year} to {LATEST.year}: {moment}")


def _require_table(path: Location) -> None:
    if not is_file(path):
        raise DataError(f"{path}: no such posts table; write one with: frames ingest EXPORTS -o {path}")
    if not is_posts_table(path):
        raise DataError(
            f"{path}: expected a posts table with the columns {', '.join(POSTS_SCHEMA.names[:_FIRST_COLUMNS])}; "
            "read other files with: frames ingest"
        )


@contextlib.contextmanager
def explain_damage(path: Location) -> Iterator[None]:
    """Turn what the Parquet reader raises for a damaged posts table into a message that names it.

    Raises:
        DataError: the table is damaged.
    """
    try:
        yield
    except DAMAGE as error:
        if is_uri(path):
            raise DataError(
                f"{path}: cannot be read: {make_excerpt(hide_secrets(str(error)))}. The table is damaged, or its store "
                "out of reach"
            ) from None
        raise DataError(
            f"{path}: the posts table is damaged: {make_excerpt(error)}. Restore it from a copy, or delete it and "
            "ingest again"
        ) from None


def count_rows(path: Location) -> int:
    """Rows of a posts table.

    Raises:
        DataError: the table is damaged.
    """
    with explain_damage(path):
        name, filesystem = open_filesystem(path)
        return int(pq.read_metadata(name, filesystem=filesystem).num_rows)


def iter_columns(path: Location, schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Batches of a posts table with the types of `schema`; a column that an older table lacks is null.

    Raises:
        DataError: the table is damaged.
    """
    with explain_damage(path):
        name, filesystem = open_filesystem(path)
        present = set(pq.read_schema(name, filesystem=filesystem).names)
        names = [name for name in schema.names if name in present]
        for batch in iter_pages(path, names, batch_rows):
            arrays = [
                batch.column(field.name).cast(field.type)
                if field.name in present
                else pa.nulls(batch.num_rows, field.type)
                for field in schema
            ]
            if any(
                array.null_count and not field.nullable for array, field in zip(arrays, schema, strict=True)
            ):
                raise pa.ArrowInvalid("nulls where none can be")
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def iter_pages(path: Location, columns: Sequence[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Batches of a Parquet file, with all that can be checked of it.

    The checksums of its pages, where it has them, show any damage to values. Damage to the file's description of
    itself, which has no checksum, may leave rows out, so they are counted.

    Raises:
        DataError: the table is damaged.
    """
    n_read = 0
    with explain_damage(path):
        name, filesystem = open_filesystem(path)
        # pre-buffered pages would stay in memory to the end
        with pq.ParquetFile(
            name, filesystem=filesystem, pre_buffer=False, page_checksum_verification=True
        ) as file:
            for batch in file.iter_batches(batch_rows, columns=list(columns)):
                n_read += batch.num_rows
                yield batch
            if n_read != file.metadata.num_rows:
                raise pa.ArrowInvalid(f"it states {file.metadata.num_rows:,} rows and {n_read:,} can be read")


def write_pages(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a new posts table whose pages carry checksums: no damage to a text goes unnoticed."""
    marked = schema.with_metadata({_KIND: _POSTS})
    return pq.ParquetWriter(path.absolute(), marked, compression="zstd", write_page_checksum=True)
