"""What only whole exports tell of their rows: which chat a name means, and until when an export saw its channel.

Names are not unique: message 3 of two chats "News" would be one post. They are told apart

- by the number of the chat, where exports state it: "News (12345)" beside "News";
- by its folder in the export of an account as HTML: "News (chat_07)";
- by its messages, in pages that state no number: a message never changes its time, so two folders whose messages of one
  number mostly have different times are two chats. Pages of one chat that were exported twice stay one.

A name that the posts table holds stays with the chat it was given to.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.posts.posts_table import (
    POSTS_SCHEMA,
    explain_damage,
    iter_columns,
    iter_pages,
    write_pages,
)

WORKING_SCHEMA: Final = POSTS_SCHEMA.append(pa.field("input", pa.int32(), nullable=False))
_BATCH_ROWS: Final = 20_000
_ACCOUNT_FOLDER = re.compile(r"chat_\d+", re.IGNORECASE)
# Of each two folders: how many messages they share, and at how many of these the time differs.
_SHARED: Final = """
SELECT a.folder, b.folder, count(*), count(*) FILTER (a.published_at <> b.published_at)
FROM rows a JOIN rows b ON a.channel = b.channel AND a.message_id = b.message_id AND a.folder < b.folder
WHERE a.channel = ? AND a.published_at IS NOT NULL AND b.published_at IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""
_TABLE: Final = -1  # the number that stands for the posts table among folders


@dataclass(slots=True)
class ReadInput:
    """A file that was read.

    Attributes:
        path: where it is.
        is_snapshot: whether it shows its channels as they were at one moment.
        is_paged: whether its chat has no number, so that its folder says which chat it is.
        last_time: of the messages read from it so far.
    """

    path: Path
    is_snapshot: bool = False
    is_paged: bool = False
    last_time: datetime | None = None

    @property
    def export(self) -> Path:
        """The file, or the folder of pages that are one export."""
        return self.path.parent if self.is_paged else self.path


@dataclass(frozen=True, slots=True, order=True)
class Chat:
    """A chat as a file states it; `folder` only where nothing but the folder tells it from others of its name."""

    name: str
    number: str = ""
    folder: str = ""

    @property
    def plain_name(self) -> str:
        """The name without the number that a reader of accounts put behind it."""
        return self.name.removesuffix(f" ({self.number})") if self.number else self.name


def complete_rows(
    rows: Path, inputs: Sequence[ReadInput], parts: Sequence[Path], folder: Path, fixed_name: str | None
) -> tuple[Path, tuple[str, ...]]:
    """Name the chats of newly read rows and date their exports.

    Args:
        rows: Parquet of WORKING_SCHEMA; `input` is the number of its file in `inputs`.
        inputs: what was read.
        parts: the posts table and its history, for the names they hold.
        folder: where the result is written.
        fixed_name: what the user calls the channel; never changed.

    Returns:
        A file with the columns of POSTS_SCHEMA, and warnings.
    """
    chats = _find_chats(rows, inputs)
    known = _known_names(parts)
    names = name_chats([chat for chat in chats if chat.name != fixed_name], known)
    of_folders = [
        chat for chat in sorted(chats) if chat.folder and chat not in names and chat.name != fixed_name
    ]
    names |= _split_by_time(of_folders, rows, inputs, parts[0])
    final = {chat: names.get(chat, chat.name) for chat in chats}
    seen = _last_times(inputs)
    warnings = tuple(_warn_of_names(final, known))
    if all(name == chat.name for chat, name in final.items()) and not any(seen):
        return rows, warnings
    completed = folder / "completed.parquet"
    times = pa.array(seen, POSTS_SCHEMA.field("seen_at").type)
    with write_pages(completed, POSTS_SCHEMA) as writer:
        for batch in iter_columns(rows, WORKING_SCHEMA, _BATCH_ROWS):
            renamed = _rename(batch, inputs, final)
            seen_at = pc.coalesce(times.take(batch.column("input")), batch.column("seen_at"))
            columns = [*renamed, *batch.columns[2:-2], seen_at]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=POSTS_SCHEMA))
    return completed, warnings


def name_chats(chats: Iterable[Chat], known: Mapping[str, set[str]]) -> dict[Chat, str]:
    """The channel of each chat that has a number or a folder of its own.

    Args:
        chats: all that were read.
        known: channels of the posts table, and the numbers that each has there.
    """
    told = sorted(chat for chat in set(chats) if chat.number or _ACCOUNT_FOLDER.fullmatch(chat.folder))
    rivals: dict[str, set[str]] = defaultdict(set)
    for chat in told:
        rivals[chat.plain_name].add(chat.number or chat.folder)
    for name, numbers in known.items():
        rivals[name] |= numbers
    names = {}
    for chat in told:
        plain, mark = chat.plain_name, chat.number or chat.folder
        full = f"{plain} ({mark})"
        if mark in known.get(plain, ()):
            names[chat] = plain
        else:
            names[chat] = full if full in known or len(rivals[plain]) > 1 else plain
    return names


def _find_chats(rows: Path, inputs: Sequence[ReadInput]) -> set[Chat]:
    found: set[tuple[str, str | None, int]] = set()
    for batch in iter_pages(rows, ("channel", "channel_id", "input"), _BATCH_ROWS):
        distinct = pa.Table.from_batches([batch]).group_by(batch.schema.names).aggregate([])
        found.update(zip(*(column.to_pylist() for column in distinct.columns), strict=True))
    return {_chat_of(name, number, inputs[place]) for name, number, place in found}


def _chat_of(name: str, number: str | None, source: ReadInput) -> Chat:
    if number:
        return Chat(name, number)
    folder = source.path.resolve().parent if source.is_paged else None
    if folder is None:
        return Chat(name)
    is_of_account = _ACCOUNT_FOLDER.fullmatch(folder.name) is not None and folder.parent.name == "chats"
    return Chat(name, folder=folder.name if is_of_account else str(folder))


def _known_names(parts: Sequence[Path]) -> dict[str, set[str]]:
    known: dict[str, set[str]] = defaultdict(set)
    names = pa.schema([POSTS_SCHEMA.field(name) for name in ("channel", "channel_id")])
    for part in parts:
        with explain_damage(part):
            for batch in iter_columns(part, names, _BATCH_ROWS):
                distinct = pa.Table.from_batches([batch]).group_by(batch.schema.names).aggregate([])
                for name, number in zip(*(column.to_pylist() for column in distinct.columns), strict=True):
                    known[name] |= {number} if number else set()
    return known


def _split_by_time(
    chats: Sequence[Chat], rows: Path, inputs: Sequence[ReadInput], table: Path
) -> dict[Chat, str]:
    """Names of chats whose folders hold other messages under the same numbers."""
    by_name: dict[str, list[Chat]] = defaultdict(list)
    for chat in chats:
        by_name[chat.name].append(chat)
    renamed: dict[Chat, str] = {}
    for name, folders in by_name.items():
        differ = _differing(name, folders, rows, inputs, table)
        groups: list[list[int]] = [[_TABLE]]
        for number in range(len(folders)):
            fitting = [group for group in groups if not any((a, number) in differ for a in group)]
            if fitting:
                fitting[0].append(number)
            else:
                groups.append([number])
        for group in groups[1:]:
            folder = Path(folders[group[0]].folder).name
            renamed |= {folders[number]: f"{name} ({folder})" for number in group}
    return renamed


def _differing(
    name: str, folders: Sequence[Chat], rows: Path, inputs: Sequence[ReadInput], table: Path
) -> set[tuple[int, int]]:
    """Pairs of folders that are two chats; the posts table is one of them."""
    numbers = {chat.folder: number for number, chat in enumerate(folders)}
    places = [numbers.get(str(source.path.resolve().parent), -2) for source in inputs]
    wanted = ("channel", "message_id", "published_at")
    schema = pa.schema([POSTS_SCHEMA.field(column) for column in wanted])
    with explain_damage(table):
        parts = [_of_name(batch, name) for batch in iter_columns(table, schema, _BATCH_ROWS)]
    kept = [part.append_column("folder", pa.array([_TABLE] * len(part), pa.int32())) for part in parts]
    lookup = pa.array(places, pa.int32())
    for batch in iter_pages(rows, (*wanted, "input"), _BATCH_ROWS):
        part = _of_name(batch, name)
        kept.append(
            part.drop_columns("input").append_column("folder", lookup.take(part["input"].combine_chunks()))
        )
    with duckdb.connect() as connection:
        connection.register("rows", pa.concat_tables(kept).filter(pc.field("folder") >= _TABLE))
        found = connection.execute(_SHARED, [name]).fetchall()
    return {(first, second) for first, second, shared, other in found if other * 2 > shared}


def _of_name(batch: pa.RecordBatch, name: str) -> pa.Table:
    return pa.Table.from_batches([batch]).filter(pc.field("channel") == name)


def _last_times(inputs: Sequence[ReadInput]) -> list[datetime | None]:
    """Of each input the last time in its export, where that shows one moment."""
    last: dict[Path, datetime] = {}
    for source in inputs:
        if source.is_snapshot and source.last_time is not None:
            last[source.export] = max(last.get(source.export, source.last_time), source.last_time)
    return [last.get(source.export) if source.is_snapshot else None for source in inputs]


def _rename(
    batch: pa.RecordBatch, inputs: Sequence[ReadInput], names: Mapping[Chat, str]
) -> tuple[pa.Array, pa.Array]:
    """Key and channel of each row under the names of their chats."""
    keys, channels = [], []
    columns = (batch.column(name).to_pylist() for name in ("post_key", "channel", "channel_id", "input"))
    chosen: dict[tuple[str, str | None, int], str] = {}
    for key, channel, number, place in zip(*columns, strict=True):
        chat = (channel, number, place)
        if chat not in chosen:
            chosen[chat] = names[_chat_of(channel, number, inputs[place])]
        keys.append(chosen[chat] + key[len(channel) :])
        channels.append(chosen[chat])
    return pa.array(keys, pa.string()), pa.array(channels, pa.string())


def _warn_of_names(final: Mapping[Chat, str], known: Mapping[str, set[str]]) -> Iterable[str]:
    names: dict[str, set[str]] = defaultdict(set)
    for chat, name in final.items():
        names[chat.number].add(name)
    for name, number in itertools.chain.from_iterable(((n, i) for i in ids) for n, ids in known.items()):
        if number in names:
            names[number].add(name)
    several = {number: sorted(found) for number, found in names.items() if number and len(found) > 1}
    if several:
        number, found = next(iter(several.items()))
        yield (
            f"{len(several):,} channels stand under several names ({number}: {', '.join(found[:3])}): a post that "
            "stands under two of them is there twice; give the exports one name with --channel"
        )
