"""The link of a post: https://t.me/NAME/123 says which channel and which message it is."""

import re
from typing import Final

_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(?P<sub>[a-z0-9_]{4,32})\.t\.me|(?:t\.me|telegram\.me|telegram\.dog))/"
    r"(?:s/)?(?P<path>[a-z0-9_]+(?:/[0-9]+)*)/?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE,
)
_PAGES: Final = tuple(
    re.compile(rf"(?:https?://)?(?:\w+\.)?{pattern}/?(?:[?#].*)?", re.ASCII | re.IGNORECASE)
    for pattern in (
        r"facebook\.com/(?:groups/)?(?P<name>[\w.-]+)/(?:posts|videos|photos|permalink)/(?:[\w.-]+/)?(?P<number>\d{1,18})",
        r"facebook\.com/(?:permalink|story)\.php\?story_fbid=(?P<number>\d{1,18})&id=(?P<name>\d{1,18})(?:&[^#\s]*)?",
        r"(?:twitter|x)\.com/(?P<name>\w+)/status(?:es)?/(?P<number>\d{1,19})",
        r"vk\.(?:com|ru)/(?:[\w.]+\?w=)?wall(?P<name>-?\d{1,18})_(?P<number>\d{1,18})",
    )
)


def parse_post_link(text: str) -> tuple[str, int | None] | None:
    """Read channel name and message number of a post's or a channel's link; None for any other text.

    The number is None for the link of a channel. Private channels (t.me/c/123/4) are called by their number;
    of links into a forum thread (t.me/NAME/7/123) the last number is the message.
    """
    match = _LINK.fullmatch(text.strip())
    if match is None:
        return None
    parts = match["path"].split("/")
    if match["sub"]:
        parts.insert(0, match["sub"])
    name, numbers = parts[0], parts[1:]
    if not all(number.isdigit() and len(number) < 19 for number in numbers):  # noqa: PLR2004 - fits 64 bits
        return None
    if name.lower() == "c":
        return (numbers[0], int(numbers[-1])) if len(numbers) > 1 else None
    return name, int(numbers[-1]) if numbers else None


def parse_page_link(text: str) -> tuple[str, int] | None:
    """Read page and number of a post's address at Facebook, Twitter (X) or VK; None for any other text."""
    for pattern in _PAGES:
        if match := pattern.fullmatch(text.strip()[:500]):
            return match["name"], int(match["number"])
    return None
