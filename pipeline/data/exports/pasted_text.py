"""Posts pasted into a text file, as a reader of channels selects, copies and saves them.

Two kinds of line open a post, and both may stand in one file:

- "Forwarded from NAME" (also "Переслано из/от NAME", "Переслано від/з NAME"), which names the origin;
- "NAME, [24.04.2023 12:30]", as Telegram's applications copy several messages; a "[Forwarded from NAME]" line
  may follow. The time is kept where it names its zone or `utc_offset_hours` does; else it is unknown, as the
  order of day and month depends on the copying computer.

In pastes of forwards each body often stands twice, the second time without its first line or lines; such a
repetition is left out. In a file without any opening line, posts are the blocks between two or more blank
lines or lines of dashes ("---", "===", "***", "___"), and nothing is left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt, name_of_file
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head, open_text

MAX_POST_CHARS: Final = 1 << 20  # no message is this long: the file is no list of posts
_NAME_CHARS: Final = 128  # the longest name that Telegram allows
_SHORT_TITLE_LINES: Final = 2
_SHORT_BODY_CHARS: Final = 20
_DIRECTION_MARKS: Final = "\ufeff\u200b\u200e\u200f\u202a\u202c\u2066\u2069"
_FORWARD = re.compile(
    r"\[?\s*(?:forwarded\s+from|переслано\s+(?:из|от|від|з|із))\s*:?\s+(?P<name>\S.*?)\s*\]?", re.IGNORECASE
)
_COPIED = re.compile(r"(?P<name>\S.{0,127}?), \[(?P<time>\d[^\[\]\n]{4,40})\]:?")
_RULE = re.compile(r"[-=*_~—–─]{3,}")
# What begins so is markup, data or a script, and no list of posts: a reader that knows it takes it, or none.
_STRUCTURE = re.compile(
    r"""[<{]|\[\s*(?:["'\[{\]]|-?\d[\d.]*\s*[,\]]|(?:true|false|null|None)\b)|%PDF|%!|\#!|"?sep=.|BEGIN:V|---\s+\w+:|MIME-Version:"""
    r"""|(?:var|let|const|export|import|function|module\.|window\.|self\.)[\s\w.$\[\]"']*[=({]"""
    r"""|[\w.$]+\s*=\s*[\[{]|[\w.$]+\(\s*[\[{]""",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Draft:
    """A post while its lines are collected."""

    line: int
    is_opened: bool
    channel: str | None = None
    time: str | None = None
    origin: str | None = None
    lines: list[str] = field(default_factory=list)
    chars: int = 0
    is_blank: bool = True

    def add(self, line: str) -> None:
        if self.chars <= MAX_POST_CHARS:  # more is rejected anyway
            self.lines.append(line)
        self.chars += len(line) + 1
        self.is_blank = self.is_blank and not line.strip()


class PastedText:
    """Reader of pasted posts; the channel is `options.channel`, else what the paste names, else the file's stem."""

    name = "pasted-text"
    source = Source(
        what="texts selected in an application, copied and saved",
        how='paste them into a text file, with the lines "Forwarded from NAME" or "NAME, [24.04.2023 12:30]"',
        reads={
            "channel": "what the lines above the posts name, else the file's name",
            "published_at": "the time in brackets, with --timezone or --utc-offset",
            "text": "what stands below",
            "forwarded_from": "Forwarded from NAME",
        },
        ignores="what begins like JSON, XML, HTML or a script, which is no pasted text",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether a line opens a post as pastes have it; see `is_prose` for files without such lines."""
        text = _decode_plain(head)
        return text is not None and any(map(opens_post, text.splitlines()))

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the posts in file order.

        Raises:
            DataError: other bytes than UTF-8.
        """
        drafts = (
            _split_at_openings(path, options)
            if _has_openings(path, options)
            else _split_at_blanks(path, options)
        )
        for draft in drafts:
            if draft.is_opened or not draft.is_blank:
                yield _read_draft(draft, path, options)


FORMAT: Final = PastedText()


def is_prose(head: bytes) -> bool:
    """Whether the content is text that people write: no markup, no control characters, words of letters."""
    text = _decode_plain(head)
    return text is not None and sum(map(str.isalpha, text)) * 3 >= len(text.strip()) > 0


def _decode_plain(head: bytes) -> str | None:
    """The text; None for markup and for what holds control characters."""
    text = decode_utf8_head(head)
    if text is None or _STRUCTURE.match(text.lstrip("\ufeff \t\r\n")):
        return None
    return None if any(char < " " and char not in "\t\n\r\f" for char in text) else text


def opens_post(line: str) -> bool:
    """Whether this line is one that opens a post in pastes."""
    return _match_forward(line) is not None or _match_copied(line) is not None


def collapse_repetition(lines: Sequence[str]) -> list[str]:
    """Leave out the second copy of a body that stands twice.

    Lines A B B become A B, where A (the header and title lines that the copy lacks) is as short as possible;
    blank lines and the space around lines do not count. To spare posts that merely end in a refrain, B has to
    weigh something: A is at most one line, or two and B a sentence, or B is at least as long as A.
    """
    kept = [n for n, line in enumerate(lines) if line.strip()]
    words = [lines[n].strip() for n in kept]
    repeated = _repeated_tail(words)
    first = len(words) - 2 * repeated
    title_chars = sum(map(len, words[:first]))
    body_chars = sum(map(len, words[first : first + repeated]))
    is_short_title = first <= 1 or (first == _SHORT_TITLE_LINES and body_chars >= _SHORT_BODY_CHARS)
    if repeated == 0 or not (is_short_title or body_chars >= title_chars):
        return list(lines)
    return list(lines[: kept[first + repeated - 1] + 1])


def _repeated_tail(words: Sequence[str]) -> int:
    """The largest b for which the last b items repeat the b items before them; 0 if there is none.

    Read backwards this asks for a prefix that follows itself, which the Z-function tells in linear time
    (Gusfield, Algorithms on Strings, Trees and Sequences, 1997, section 1.3).
    """
    reverse = list(reversed(words))
    matched = [0] * len(reverse)
    left = right = 0
    for at in range(1, len(reverse)):
        length = min(right - at, matched[at - left]) if at < right else 0
        while at + length < len(reverse) and reverse[length] == reverse[at + length]:
            length += 1
        matched[at] = length
        if at + length > right:
            left, right = at, at + length
    return max((b for b in range(1, len(reverse) // 2 + 1) if matched[b] >= b), default=0)


def _bare(line: str) -> str:
    return line.strip().strip(_DIRECTION_MARKS).strip()


def _match_forward(line: str) -> re.Match[str] | None:
    bare = _bare(line)
    match = _FORWARD.fullmatch(bare) if len(bare) <= _NAME_CHARS + 32 else None
    return match if match and len(match["name"]) <= _NAME_CHARS else None


def _match_copied(line: str) -> re.Match[str] | None:
    bare = _bare(line)
    return _COPIED.fullmatch(bare) if len(bare) <= _NAME_CHARS + 64 else None


def _read_lines(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    """Number and text of each line; a line longer than any post is given in pieces of one number."""
    with open_text(path, options.encoding) as file:
        number = 1
        while line := file.readline(MAX_POST_CHARS):
            yield number, clean_text(line).rstrip("\r\n")
            number += line.endswith(("\n", "\r"))


def _has_openings(path: Path, options: ReadOptions) -> bool:
    return any(opens_post(line) for _, line in _read_lines(path, options))


def _split_at_openings(path: Path, options: ReadOptions) -> Iterator[_Draft]:
    draft = _Draft(line=1, is_opened=False)
    for number, line in _read_lines(path, options):
        if copied := _match_copied(line):
            yield draft
            draft = _Draft(number, is_opened=True, channel=copied["name"], time=copied["time"])
        elif forward := _match_forward(line):
            if draft.channel is None or draft.origin is not None or not draft.is_blank:
                yield draft
                draft = _Draft(number, is_opened=True)
            draft.origin = forward["name"]
        else:
            draft.add(line)
    yield draft


def _split_at_blanks(path: Path, options: ReadOptions) -> Iterator[_Draft]:
    draft = _Draft(line=1, is_opened=False)
    blanks = 0
    for number, line in _read_lines(path, options):
        is_rule = _RULE.fullmatch(line.strip()) is not None
        blanks = 0 if line.strip() else blanks + 1
        if is_rule or blanks > 1:
            if not draft.is_blank:
                yield draft
            draft = _Draft(number + 1, is_opened=False)
        elif line.strip() or not draft.is_blank:
            if draft.is_blank:
                draft.line = number
            draft.add(line)
    yield draft


def _read_draft(draft: _Draft, path: Path, options: ReadOptions) -> RawPost | Skipped:
    record = f"line {draft.line}"
    lines = draft.lines
    if draft.chars > MAX_POST_CHARS:
        reason = f"{draft.chars:,} characters without a line that opens a post; no post is that long"
        return Skipped("reject", record, reason, make_excerpt(lines[0]))
    if draft.is_opened:
        while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1].strip())):
            lines.pop()
        lines = collapse_repetition(lines)
    text = "\n".join(lines).strip("\n").rstrip()
    if not text.strip():
        return Skipped("no_text", record, "no text below the line that opens the post", what="empty message")
    return RawPost(
        channel=options.channel or draft.channel or draft.origin or name_of_file(path),
        message_id=None,
        published_at=_read_time(draft.time, options),
        text=text,
        forwarded_from=draft.origin,
        record=record,
    )


def _read_time(text: str | None, options: ReadOptions) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_time(text, options)
    except ValueError:
        return None
