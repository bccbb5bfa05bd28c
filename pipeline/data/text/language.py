"""Which language a text is in, offline."""

import functools
import re
from collections.abc import Iterable
from typing import Any, Final

from pipeline.data.text.word_pattern import CHARACTERS

MINIMUM_LETTERS: Final = 10
READ_CHARS: Final = 400  # more changes hardly any answer and takes most of the time of an ingest
UNDETERMINED: Final = "und"

# Languages of channels about politics between Europe and Asia. Rarer ones are left out: on short posts the
# model prefers them wrongly (creoles for English, closely related languages for each other).
LANGUAGES: Final = (
    *("ar", "az", "be", "bg", "cs", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu"),
    *("hy", "id", "it", "ja", "ka", "kk", "ko", "ky", "lt", "lv", "mk", "nl", "no", "pl", "pt", "ro", "ru"),
    *("sk", "sq", "sr", "sv", "tg", "tr", "uk", "ur", "uz", "vi", "zh"),
)
_NOISE = re.compile(r"(?:https?://|www\.|t\.me/)\S+|[#@]\w+")
# Chinese, Japanese and Korean, of which a few tell what takes a word or two elsewhere
_SYLLABLES = re.compile(f"[{CHARACTERS}\uac00-\ud7a3]")
_OF_SYLLABLE = 3  # letters that each is worth
_NOT_WORDS = re.compile(r"[^\w\s'’ʼ.,-]|[\d_]+")


def identify_language(text: str) -> str:
    """Return the ISO 639-1 code of the text's language, "und" where too few letters remain.

    Ten letters are enough, or four of Chinese, Japanese or Korean. Links, hashtags, user names, digits and emoji are
    left out; the first 400 characters that remain decide.
    """
    words = _NOT_WORDS.sub(" ", _NOISE.sub(" ", text[: READ_CHARS * 4]))[:READ_CHARS]
    letters = sum(map(str.isalpha, words))
    if letters < MINIMUM_LETTERS:
        letters += (_OF_SYLLABLE - 1) * len(_SYLLABLES.findall(words))
    if letters < MINIMUM_LETTERS:
        return UNDETERMINED
    code: str = _load_identifier().classify(words)[0]
    return code


def find_languages(stated: Iterable[Any], texts: Iterable[str]) -> list[str]:
    """The code of each text: the stated one or, where that is no text, the identified one."""
    pairs = zip(stated, texts, strict=True)
    return [code if isinstance(code, str) else identify_language(text) for code, text in pairs]


@functools.cache
def _load_identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads for a second

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(LANGUAGES)
    return identifier
