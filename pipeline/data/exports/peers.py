"""Channels, chats and users as Telegram's tools write them: peer objects, marked numbers, chats with names."""

import json
import re
from ast import literal_eval
from collections.abc import Mapping
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt, parse_int

_KINDS: Final = ("channel", "chat", "user")
_NAMES: Final = (
    "title",
    "username",
    "name",
    "from_name",
    "sender_user_name",
    "sender_name",
    "first_name",
    "screen_name",
)
_LONGEST: Final = 1 << 16  # characters of a cell that holds an object
_CALL = re.compile(
    r"datetime\.datetime\((?:[^()]|\([^()]*\))*\)"
)  # as Python prints a time; no cell of ours needs it
_MARKED: Final = 10**12  # "-100" stands before the ten or more digits of a channel


def peer_of(peer: object) -> tuple[str, int | None]:
    """Read a Peer object, or the marked number of a Bot or of Telethon's `chat_id`, as (kind, number).

    Raises:
        ValueError: a number that is none.
    """
    if isinstance(peer, dict):
        for kind in _KINDS:
            if (number := parse_int(peer.get(f"{kind}_id"))) is not None:
                return kind, number
        return "channel", None
    number = parse_int(peer) if isinstance(peer, int | str) else None
    if number is None or number >= 0:
        return "user" if number is not None else "channel", number
    is_channel = number < -_MARKED
    return ("channel", -number - _MARKED) if is_channel else ("chat", -number)


def channel_number(stated: object) -> str | None:
    """The platform's number of a channel without its mark, as text: what all exports of it have in common."""
    try:
        _, number = peer_of(stated)
    except ValueError:
        return None
    return None if number is None else str(number)


def name_in(holder: Mapping[str, object]) -> str:
    """What an object about a chat or user calls it: title, user name, name; "" for none of them."""
    names = (holder.get(key) for key in _NAMES)
    return next((text for name in names if isinstance(name, str) and (text := clean_text(name).strip())), "")


def describe_peer(holder: Mapping[str, object]) -> str:
    """Name of a chat, else kind and number of a peer, "channel 123"; "" where it states neither."""
    name = name_in(holder)
    if name:
        return name
    try:
        kind, number = peer_of(holder)
    except ValueError:
        return ""
    if number is not None:
        return f"{kind} {number}"
    inner = (
        holder.get(key)
        for key in ("from_id", "chat", "sender_chat", "sender_user", "origin", "saved_from_peer")
    )
    named = next((text for part in inner if isinstance(part, dict) and (text := describe_peer(part))), "")
    return named or (make_excerpt(holder["id"]) if isinstance(holder.get("id"), int | str) else "")


def read_object(cell: object) -> dict[str, object] | None:
    """An object, also from its text: JSON, or a dictionary as Python prints it; None for other cells."""
    if isinstance(cell, dict):
        return cell
    text = cell.strip() if isinstance(cell, str) and len(cell) <= _LONGEST else ""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = literal_eval(_CALL.sub("None", text))
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    return found if isinstance(found, dict) else None
