"""Parts of a message that several tools write alike: rich text, polls, reactions, links, kinds of media."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt, parse_int

# Kinds of media under one name each, from what Telegram Desktop, Telethon, Pyrogram, TDLib, the Bot API and others say.
MEDIA: Final = {
    "photo": ("photo", "image", "photos"),
    "video": ("video", "video_file", "videos"),
    "round video": ("video_message", "video_note", "videonote", "round"),
    "voice": ("voice", "voice_message", "voice_note", "voicenote"),
    "audio": ("audio", "audio_file", "music"),
    "animation": ("animation", "gif"),
    "sticker": ("sticker",),
    "document": ("document", "file", "doc"),
    "poll": ("poll",),
    "web page": ("webpage", "web_page", "url", "link"),
    "location": ("location", "location_information", "geo", "geolive", "geo_live", "venue"),
    "contact": ("contact", "contact_information"),
    "game": ("game", "game_title"),
    "invoice": ("invoice", "invoice_information"),
    "giveaway": (
        "giveaway",
        "giveaway_information",
        "giveawayresults",
        "giveaway_results",
        "giveaway_winners",
    ),
    "story": ("story",),
    "paid media": ("paidmedia", "paid_media"),
    "dice": ("dice",),
}
SERVICE: Final = "service message"
EMPTY: Final = "empty message"
_KIND_OF: Final = {name: kind for kind, names in MEDIA.items() for name in names}
_KIND_PREFIX = re.compile(r"(?:MessageMediaType\.|MessageMedia|message(?=[A-Z]))")
_ADDRESSES: Final = ("href", "url")  # keys of a rich message
# What holds words within a block; everything else that is nested is a block of its own.
_WORDS: Final = (
    "title",
    "header",
    "summary",
    "text",
    "texts",
    "alt",
    "source",
    "quote",
    "author",
    "caption",
    "credit",
)
_HEADS: Final = (
    "title",
    "header",
    "summary",
)  # stand above what a block holds, in whatever order it is written
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps makes one a call
_CELL_SIGN: Final = "\t"


def media_kind(stated: object) -> str | None:
    """One name for a kind of media, however a tool spells it; None for none."""
    if not isinstance(stated, str) or not stated.strip():
        return None
    name = _KIND_PREFIX.sub("", clean_text(stated).strip())
    folded = name.casefold().replace(" ", "_")
    return (
        None
        if folded in {"empty", "none", "nan", "null", "unsupported_media"}
        else _KIND_OF.get(folded, make_excerpt(name))
    )


def read_poll(poll: object) -> str:
    """Question and answers of a poll on one line, "Question? / Yes / No"; "" for none."""
    if not isinstance(poll, dict):
        return ""
    answers = poll.get("answers") or poll.get("options") or ()
    answers = answers if isinstance(answers, list) else ()
    texts = (_inline(poll.get("question")), *(_inline(answer) for answer in answers))
    return " / ".join(" ".join(text.split()) for text in texts if text.strip())


def read_rich_text(message: object) -> str:
    """The words of a `rich_message`, a block a line, cells of a table between tabs; "" for none.

    Raises:
        ValueError: nested more deeply than Python follows.
    """
    if not isinstance(message, dict):
        return ""
    try:
        lines = list(_lines_of(message.get("blocks")))
    except RecursionError:
        raise ValueError("field 'rich_message': nested too deeply") from None
    return "\n".join(line for line in lines if line.strip())


def iter_addresses(message: object) -> Iterator[object]:
    """Addresses behind words of a `rich_message`, in the order in which they stand."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from (part[name] for name in _ADDRESSES if name in part)
        if isinstance(part, dict | list):
            waiting.extend(reversed(list(part.values()) if isinstance(part, dict) else part))


def join_texts(*texts: str) -> str:
    """Several texts of one message, each below the one before, empty ones left out."""
    return "\n".join(text for text in texts if text.strip())


def read_reactions(stated: object) -> str | None:
    """Reactions as a JSON object of name -> count, `{"👍": 5, "custom 123": 1}`; None where there are none.

    Read are a mapping of names to counts, and the lists of Telegram Desktop, Telethon, Pyrogram and TDLib.
    """
    if isinstance(stated, dict) and not any(isinstance(value, dict | list) for value in stated.values()):
        counts = {clean_text(name): _count(value) for name, value in stated.items()}
    else:
        counts = {}
        for entry in _reaction_entries(stated):
            name = _reaction_name(entry)
            count = _count(entry.get("count", entry.get("total_count")))
            if name and count is not None:
                counts[name] = (counts.get(name) or 0) + count
    known = {name: count for name, count in counts.items() if name and count}
    return _ENCODE(known) if known else None


def clean_links(links: Iterable[object]) -> tuple[str, ...]:
    """Web addresses, each once, without the white space that none has."""
    texts = ("%20".join(clean_text(link).split()) for link in links if isinstance(link, str))
    return tuple(dict.fromkeys(text for text in texts if text.startswith(("http://", "https://", "tg://"))))


def _inline(value: object) -> str:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return "".join(map(_inline, value))
    if isinstance(value, dict):
        return " ".join(filter(None, (_inline(value[name]) for name in _WORDS if name in value)))
    return ""


def _lines_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield clean_text(value)
    elif isinstance(value, list):
        for part in value:
            yield from _lines_of(part)
    elif isinstance(value, dict):
        cells = value.get("cells")
        if isinstance(cells, list) and not any(isinstance(cell, list) for cell in cells):
            yield _CELL_SIGN.join(map(_inline, cells))
            return
        for name, part in sorted(value.items(), key=lambda item: item[0] not in _HEADS):
            if name in _WORDS:
                yield _inline(part)
            elif isinstance(part, list) and part and all(isinstance(row, list) for row in part):
                yield from (_CELL_SIGN.join(map(_inline, row)) for row in part)
            elif isinstance(part, dict | list):
                yield from _lines_of(
                    [block for block in part if isinstance(block, dict | list)]
                    if isinstance(part, list)
                    else part
                )


def _reaction_entries(stated: object) -> Iterator[Mapping[str, object]]:
    if isinstance(stated, dict):
        for name in ("results", "reactions"):
            yield from _reaction_entries(stated.get(name))
    elif isinstance(stated, list):
        yield from (entry for entry in stated if isinstance(entry, dict))


def _reaction_name(entry: Mapping[str, object]) -> str:
    inner = entry.get("reaction") or entry.get("type")
    parts = [entry, *([inner] if isinstance(inner, dict) else [])]
    for part in parts:
        for name in ("emoji", "emoticon"):
            if isinstance(part.get(name), str):
                return clean_text(part[name]).strip()
    for part in parts:
        for name in ("document_id", "custom_emoji_id"):
            if part.get(name):
                return f"custom {make_excerpt(part[name])}"
    kind = (inner.get("_") or inner.get("@type") or inner.get("type")) if isinstance(inner, dict) else inner
    stated = clean_text(kind if isinstance(kind, str) else "").strip()
    return "paid" if stated in ("ReactionPaid", "reactionTypePaid") else stated


def _count(value: object) -> int | None:
    try:
        return parse_int(value)
    except ValueError:
        return None
