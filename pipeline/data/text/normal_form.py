"""Unicode normal form of texts from strangers, in time that grows linearly with their length.

Python sorts the combining marks behind a letter by insertion: a hundred thousand of them, which no language writes
but any file may hold, take minutes.
"""

import re
import unicodedata
from typing import Final

_MARKS: Final = (
    30  # in a row; what Unicode Standard Annex #15 (section 13, stream-safe text) finds in any language
)
# Combining marks are neither letters nor white space, but for two voicing marks of Japanese
_STORM = re.compile(rf"(?:[^\w\s]|[\uff9e\uff9f]){{{_MARKS}}}")
_GRAPHEME_JOINER: Final = "\u034f"  # marks are not sorted across it; no letter itself


def normalize_compatibility(text: str) -> str:
    """The text in normal form KC, with a U+034F in runs of more than thirty signs or marks."""
    return unicodedata.normalize("NFKC", _STORM.sub(rf"\g<0>{_GRAPHEME_JOINER}", text))
