"""Boilerplate: sentences that only refer elsewhere, and so carry no frame: links, tags, "Read more" and "Subscribe".

A sentence is told by itself, never by how often its channel repeats it: what a post scores does not depend on what it
is scored with.
"""

import re
from typing import Final

from pipeline.data.text.channel_calls import is_call, may_be_call

MAX_TRAILER: Final = 80  # characters; a "Read more ..." line that is longer says something of its own

REFERENCE = re.compile(
    r"\(?(?:https?://|www\.|t\.me/|[#@]\w|[\w.-]+\.(?:com|ru|org|net|me|tv|info|ua|by|eu)(?:/\S*)?\W*$)",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"""\W*(?:
        read\ (?:it\ |the\ |this\ |our\ )?(?:in\ full|full|more|further|here|also)\b
      | (?:full|complete)\ (?:text|version|transcript|video|story)\b
      | continue\ reading\b | (?:watch|listen)\ (?:in\ full|here|live)\b
      | (?:please\ )?subscribe\b | (?:follow|join)\ (?:us(?:\ on\b|\ at\b|\W*$)|our\ |the\ channel\b)
      | forwarded\ from\b | source: | источник: | джерело: | переслано\ (?:из|от)\b
      | чита(?:ть|йте|ти)\ (?:полностью|далее|дальше|также|ещё|еще|подробнее|повністю|далі|також)\b
      | полный\ текст\b | подробнее\b | смотреть\ (?:полностью|видео)\b
      | п[оі]дпи(?:саться|шись|шитесь|сывайся|сывайтесь|сатися|шіться|суйся|суйтесь)(?:\ на\b|\s*[^\w\s]|\W*$)
      | прислать\ новость\b | надіслати\ новину\b )""",
    re.VERBOSE | re.IGNORECASE,
)
_has_word = re.compile(r"\w").search


def is_boilerplate(sentence: str) -> bool:
    """Whether a sentence only refers elsewhere (tags, links, mentions, trailers) or holds no word at all."""
    if all(REFERENCE.match(token) or not _has_word(token) for token in sentence.split()):
        return True
    if len(sentence) > MAX_TRAILER:
        return False
    if _TRAILER.match(sentence):
        return True
    return may_be_call(sentence) and is_call(
        " ".join(token for token in sentence.split() if not REFERENCE.match(token))
    )
