"""Letters of the Latin, Cyrillic and Greek scripts that look the same, and letters drawn as symbols.

Which letters are alike is after Unicode's list of confusable characters (UTS 39), cut down to what is read as the same
letter in running text: Latin letters count as alike to those of Russian and Ukrainian only, so that Latin s, j or h
tell that a word is Latin.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal, get_args

Script = Literal["latin", "cyrillic", "greek"]
SCRIPTS: tuple[Script, ...] = get_args(Script)

LETTERS: dict[Script, str] = {  # as parts of a character class
    "latin": "A-Za-zÀ-ÖØ-öø-ʯ\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua787",
    "cyrillic": "\u0400-\u0481\u048a-\u052f\u1c80-\u1c8f\ua640-\ua66e\ua680-\ua69b",
    "greek": "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03e1\u03f0-\u03ff\u1f00-\u1fff",
}
OURS = "".join(LETTERS.values())
_script_of = {script: re.compile(f"[{letters}]").match for script, letters in LETTERS.items()}

# Latin, Cyrillic, Greek; "." where a script has no such letter.
_BOTH_WAYS = """
AАΑ BВΒ CС. EЕΕ HНΗ IІΙ KКΚ MМΜ N.Ν OОΟ PРΡ TТΤ XХΧ YУΥ Z.Ζ ËЁ. ÏЇΪ
aаα cс. eе. iіι oоο pрρ u.υ v.ν xхχ yуγ ëё. ïїϊ .кκ .тτ k.κ n.η t.τ w.ω
"""
# Other letters towards Latin: of Serbian and older or rarer alphabets, which attackers use as Latin ones.
_TO_LATIN = "Ѕ:S Ј:J Һ:H Ү:Y Ԛ:Q Ԝ:W Ӏ:I Ԍ:G ѕ:s ј:j һ:h ү:y ԛ:q ԝ:w ӏ:l ԁ:d ѵ:v Ϲ:C Ϳ:J ϲ:c ϳ:j"
_TO_CYRILLIC = "Ϲ:С ϲ:с"


def _make_tables() -> dict[Script, dict[str, str]]:
    tables: dict[Script, dict[str, str]] = {script: {} for script in SCRIPTS}
    one_way: tuple[tuple[Script, str], ...] = (("latin", _TO_LATIN), ("cyrillic", _TO_CYRILLIC))
    for row in _BOTH_WAYS.split():
        for target, wanted in zip(SCRIPTS, row, strict=True):
            if wanted != ".":
                tables[target].update({other: wanted for other in row if other not in {".", wanted}})
    for target, pairs in one_way:
        for pair in pairs.split():
            other, _, wanted = pair.partition(":")
            tables[target][other] = wanted
    return tables


ALIKE: dict[Script, dict[str, str]] = _make_tables()  # towards a script: letter of another one -> its own

# Characters that may be a Latin, Greek or Cyrillic letter, or a digit, in another form: ligatures, modifier letters,
# small capitals, letter-like symbols, Roman numerals, circled, fullwidth and mathematical ones. Left out are signs that
# are written as such (No., trade mark, the emoji of information and of the underground) and superscript digits.
FORMS = (
    "\u0132\u0133\u0149\u017f\u01c4-\u01cc\u01f1-\u01f3\u0262\u0274\u0280\u028f\u0299\u029c\u029f\u026a"
    "\u02b0-\u02b8\u02e0-\u02e4\u03d0-\u03d6\u03f0-\u03f5\u1d00-\u1dbf\u1e9a\u1e9b\u2071\u207f\u2090-\u209c"
    "\u2102-\u2115\u2117-\u211f\u2123-\u2138\u213a-\u2149\u2160-\u217f\u2460-\u24c1\u24c3-\u24ff\u2c7c\u2c7d\ua69c\ua69d\ua730\ua731"
    "\ua770\ua7f2-\ua7f9\uab5c-\uab5f\ufb00-\ufb06\uff10-\uff5a"
    "\U0001d400-\U0001d7ff\U0001e030-\U0001e06d\U0001f130-\U0001f189\U0001fbf0-\U0001fbf9"
)
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_DARK_CAPITALS = {
    chr(first + i): chr(ord("A") + i) for first in (0x1F150, 0x1F170) for i in range(26)
}  # circled and squared, light on dark: Unicode gives them no decomposition
_all_ours = re.compile(f"[{OURS}0-9\u02bc]+").fullmatch


def find_script(letter: str) -> Script | None:
    """The script of a letter; None of a letter of any other script."""
    return next((script for script in SCRIPTS if _script_of[script](letter)), None)


@lru_cache(maxsize=4096)
def find_alike(letter: str, target: Script) -> str | None:
    """The letter of `target` that looks like `letter`, which may have an accent besides; None where there is none."""
    return ALIKE[target].get(letter) or ALIKE[target].get(unicodedata.normalize("NFD", letter)[0])


@lru_cache(maxsize=4096)
def plain_form(character: str) -> str:
    """The letters or digits that a character of `FORMS` stands for; itself where it is none of ours."""
    own = _SMALL_CAPITALS.get(character) or _DARK_CAPITALS.get(character)
    folded = own or unicodedata.normalize("NFKC", character)
    return folded if _all_ours(folded) else character
