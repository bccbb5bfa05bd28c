"""What the sentence splitter knows about posts: marks that end sentences in every script, bullets."""

import re

# Symbols that decorate: arrows, technical and geometric signs, dingbats, pictographs, flags, joiners. Signs that
# carry meaning (number sign, degree, section, currency, trade mark) are not among them.
_DECORATION = (
    "\u00b7\u2022\u2023\u203c\u2043\u2049\u200b-\u200d\u2060\ufeff\u20e3\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff"
    "\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\ufe0e\ufe0f"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_DIRECTION = (
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # invisible; they stand beside marks in Arabic and Hebrew
)
_NOT_LOWER = rf"[^\sa-zß-öø-ÿα-ωа-џґա-և{_DECORATION}]"

# A sentence ends at these wherever they stand; after . ! ? … ; only before white space. Of the terminals that Unicode
# lists (Sentence_Break=STerm), those of the scripts in use; the Burmese little section, which serves as a comma, is
# left out, and the Tibetan shads, which end phrases as well as sentences there, are put in.
ALWAYS = "։؝؞؟۔܀-܂߹।॥။።፧፨᠃᠉។៕‽⸮。︒﹒﹖﹗！．？｡།-༒༔"
_MARKS = f".!?…;:=፡{ALWAYS}"
_CLOSING = "\"'»”’›)\\]}」』】》〉〕）］｝｣"
FIRST_SPACELESS = "\u0e00"  # from Thai on, the scripts in use put no space between sentences, but for Korean

DECORATION = re.compile(f"[{_DECORATION}]")
EDGE = re.compile(rf"[\s{_DECORATION}]")
LEADING_DECORATION = re.compile(
    rf"""(?: [\s{_DECORATION}]              # white space, emoji
           | [-–—*](?=\s) | [–—](?=[^\W\d]) # dashes and stars as bullets, but no minus sign
           | \d\ufe0f?\u20e3                # keycaps
           | \d{{1,2}}[.)](?=\s+[^\s\d])    # enumerators, but neither dates nor decimals
           | \d{{1,2}}[、．](?=[^\W\d])
         )+""",
    re.VERBOSE,
)
LINE = re.compile(r"[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")

# Feeds put whole posts on one line: a typical bullet sign before anything that is not lower case, or any emoji
# between the end of a sentence and the next one, starts a new item.
INNER_BULLET = re.compile(
    rf"""(?<=[\s.!?…{ALWAYS}])
         (?= (?: [•●‣◦■□▪▫◾◽◼◻►▶➡➤✅☑✔✍❗‼⚡➖👉🔹🔸🔷🔶🔴🔵🟢🟡💬🎙📌📍][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]{{0,2}}
               | \d\ufe0f?\u20e3 ) \s{{0,3}} {_NOT_LOWER} )
       | (?: (?<=[.!?…»”")]\s) | (?<=[{ALWAYS}]) | (?<=[{ALWAYS}]\s) )
         (?= [{_DECORATION}]{{1,20}} \s{{0,3}} {_NOT_LOWER} )""",
    re.VERBOSE,
)

# A line that ends so is finished, whatever the next line begins with.
FINISHED = re.compile(rf"[.!?…:;{ALWAYS}][{_CLOSING}“]{{0,3}}$")
# A place where a block that is too long may be cut without hurting a sentence.
SAFE_CUT = re.compile(
    rf"[.!?…][{_CLOSING}]{{0,3}}\s|[{ALWAYS}][{_CLOSING}]{{0,3}}(?![.!?…{ALWAYS}{_CLOSING}])"
)

# Marks with the quotes and brackets that they close, before white space, or where none is needed. The pattern begins
# with a set, which is found fast, and gives back nothing that it took: the work grows with the text.
END = re.compile(
    rf"""(?P<marks>[{_MARKS}](?<![{_MARKS}]{{2}})[{_MARKS}]*+ (?: (?<=[:=;])-?[)(]{{1,3}} )?+)
         (?: [{_CLOSING}{_DIRECTION}] | “(?=\s) )*+ (?:\s[»)\]}}][{_CLOSING}]*+)?+
         (?: (?P<space>\s++) | (?=[^\x00-\u052f]) | (?<=[{ALWAYS}”’」』】》〉〕）］｝｣]) )""",
    re.VERBOSE,
)
SURE = re.compile(f"[{ALWAYS}]")
SMILE = re.compile(r"[=:;]-?[)(]{1,3}")
# What stands where the next sentence would begin, and says that this one goes on
CASELESS = re.compile(r"[ა-ჿ]")  # Unicode calls Georgian letters small; sentences begin with them
CLOSING_NEXT = frozenset(".?!…;»”’)]},،，、")
WORD_NEXT = re.compile(r"[^\W\d_]+")
DASH_NEXT = re.compile(r"[‑–—−-]{1,2}\s{0,2}([^\W\d_]+)")
LAST_WORD = re.compile(r"[^\s!-/:-@\[-`{-~…‐-―‘-‟‹›«»№§°]+$")  # marks of Indic scripts are no \w
PAIR = re.compile(r"(?<![^\W\d_])([^\W\d_])\.\s?([^\W\d_])$")
NUMBER = re.compile(r"\d|[IVXLCХ]+\b")
TIME_OF_DAY = re.compile(r"\d\s?[ap]\.\s?m$")
TIME_ZONE = re.compile(r"(?:Moscow|GMT|UTC|MSK|[CE]E?S?T|[EP][SD]T|BST)\b")
REST_OF_DATE = re.compile(
    r"\d{1,2}\.\s?\d{4}\b|\d{1,2}\.(?=\s)|(?:Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\w*"
)
MONTH = re.compile(r"\d{1,2}\.")
YEAR = re.compile(r"(?<!\S)\d{4}$")
ORDINAL_NOUN = re.compile(
    r"(?:Jahr|Weltkrieg|Geburtstag|Platz|Mal\b|Runde|Woche|Bundestag|Sanktionspaket|Klasse)"
)
ITEM = re.compile(r"[\W_]*+(?:(?:\d++|[IVXLM]++|[а-еa-f§])[.)．、\s]*+)++$", re.IGNORECASE)
_ARMENIAN, _ETHIOPIC = "ա-և", "ሀ-ፚ"
COLON_ENDS = re.compile(rf"(?<=[{_ARMENIAN}]):$|(?<=[{_ETHIOPIC}])(?:፡፡|::)$")  # typed in place of ։ and ።
# Letters that no full stop follows at the end of a sentence: their scripts have marks of their own, or none
STOPLESS = re.compile(r"[\u0531-\u0587\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
STARTERS = frozenset(
    "The This These Those That It Its In He She They We You But And However On At As If For From There When While Our "  # noqa: SIM905
    "Their A An What Why Who How Now Then So Meanwhile Moreover According".split()
)
WORDS_OF_ONE_LETTER = frozenset("яєжб")  # at the end of a sentence as anywhere
INSIDE_WORDS = frozenset("'’ʼ-‑°")  # "nobody's.", "2021-м."
# A whole date in Ukrainian and Russian, and the word before it, with which it may open a sentence or a clause
DATED = re.compile(r"(\w{1,20})[\s,]{1,2}\d{1,2}(?:\.\d{1,2}\.|\s[^\W\d_]{3,10}\s)[12]\d{3}\s?[рг]$")
BEFORE_DATES = frozenset("на до від з зі із по за після перед с со от к после около близько станом".split())  # noqa: SIM905
ACRONYM = re.compile(r"\b(?:[A-Z]\.)+[A-Z]$")

# Chinese and Japanese: what after a closing quote still belongs to the sentence
SPOKEN = re.compile(
    r"[\u3040-\u309f]|[\u4e00-\u9fff·]{0,20}?(?:说|說|道|问|問|答|喊|称|稱|表示|指出|强调|強調|宣布|补充|補充|告诉记者|告訴記者|回应|回應)[^\w\s]"
)
_CJK_QUOTES = "”’」』〉》"
QUOTED = re.compile(rf"[{ALWAYS}!?…][{_CJK_QUOTES}]$")
AND_SO_ON = re.compile(r"ល[។៕]")  # Khmer "etc." stands between two full stops
