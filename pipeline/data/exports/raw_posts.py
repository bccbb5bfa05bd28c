"""What every reader of channel exports yields: one raw post, or one record that could not be used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class RawPost:
    r"""A post as the export states it; nothing is guessed, what is not known is None.

    Attributes:
        channel: user name, title or id of the channel, as text.
        message_id: the channel's own number; None where the format has none (pasted text, RSS without ids).
        published_at: aware UTC time; None where the format has none.
        text: the full text, line breaks kept as "\n".
        forwarded_from: origin of a forward, as the export names it; "" for a forward of hidden origin.
        edited_at: aware UTC time of the last edit.
        views: times seen.
        forwards: times forwarded.
        record: where it stood in the source file, for people ("message 12", "line 3", "item 4").
        channel_id: the platform's own number of the channel, as text; tells channels of one name apart.
        topic: of a forum: its title where the export states it, else its number.
        reply_to: number of the message in this channel that it answers.
        reactions: JSON object of reaction -> count, see `message_parts.read_reactions`.
        links: addresses that the text does not show: behind words, or of a page's preview.
        media: kind of what is attached, see `message_parts.MEDIA`.
        seen_at: aware UTC time; the export that holds this text was made then or later.
    """

    channel: str
    message_id: int | None
    published_at: datetime | None
    text: str
    forwarded_from: str | None = None
    edited_at: datetime | None = None
    views: int | None = None
    forwards: int | None = None
    record: str = ""
    channel_id: str | None = None
    topic: str | None = None
    reply_to: int | None = None
    reactions: str | None = None
    links: tuple[str, ...] = ()
    media: str | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that did not become a post.

    `kind` is "no_text" for what is no post with text by its nature (service messages, bare media), and
    "reject" for what should have been readable and was not; rejects are written to the rejects file.
    `what` groups those without text for the report: "service message", a kind of media, "empty message".
    """

    kind: Literal["no_text", "reject"]
    record: str
    reason: str
    excerpt: str = ""
    what: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a user may say about a source that its content does not.

    Attributes:
        channel: channel name for formats that carry none; otherwise None.
        columns: for plain tables: our column name -> column name in the file.
        utc_offset_hours: offset of local times without a zone (Telegram Desktop `date` without
            `date_unixtime`); None refuses such times.
        timezone: the same as a place ("Europe/Kyiv"), whose summer time is followed; not both.
        date_order: of "3/1/2024", where the file itself does not tell it: "dmy" or "mdy".
        encoding: of text files that are neither UTF-8 nor UTF-16.
        on_unread: told, once for each table, its columns of which nothing is taken.
    """

    channel: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    utc_offset_hours: float | None = None
    timezone: str | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    encoding: str | None = None
    on_unread: Callable[[tuple[str, ...]], None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader says of its format, for people.

    Attributes:
        what: which program or site writes such files.
        how: how to get one there.
        reads: column of the posts table -> where it stands in the file.
        ignores: what a file may hold that is not read.
        is_snapshot: whether a file shows its channels as they were at one moment, so that of two texts of a post that
            of the later export is the current one, whatever the edits say.
    """

    what: str
    how: str
    reads: Mapping[str, str]
    ignores: str
    is_snapshot: bool = False


class ExportFormat(Protocol):
    """One export format: a module-level instance in each reader file."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def source(self) -> Source:
        """What is said of it."""
        ...

    def matches(self, path: Path, head: bytes) -> bool:
        """Whether the content (the file's first 64 KiB) is of this format; never by file name alone."""
        ...

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the records in file order.

        Raises:
            DataError: the file as a whole cannot be read (truncated, wrong encoding, missing column).
        """
        ...
