"""What the sentence splitter knows about posts in English, Russian and Ukrainian: signs, abbreviations, trailers."""

import re

# Symbols that decorate: arrows, technical and geometric signs, dingbats, pictographs, flags, joiners. Signs that
# carry meaning (number sign, degree, section, currency, trade mark) are not among them.
_DECORATION = (
    "\u00b7\u2022\u2023\u203c\u2043\u2049\u200b-\u200d\u2060\ufeff\u20e3\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff"
    "\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\ufe0e\ufe0f"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_NOT_LOWER = rf"[^\sa-zа-яёіїєґ{_DECORATION}]"

DECORATION = re.compile(f"[{_DECORATION}]")
EDGE = re.compile(rf"[\s{_DECORATION}]")
LEADING_DECORATION = re.compile(
    rf"""(?: [\s{_DECORATION}]              # white space, emoji
           | [-–—*](?=\s) | [–—](?=[^\W\d]) # dashes and stars as bullets, but no minus sign
           | \d\ufe0f?\u20e3                # keycaps
           | \d{{1,2}}[.)](?=\s+[^\s\d])    # enumerators, but neither dates nor decimals
         )+""",
    re.VERBOSE,
)
LINE = re.compile(r"[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")

# Feeds put whole posts on one line: a typical bullet sign before anything that is not lower case, or any emoji
# between the end of a sentence and the next one, starts a new item.
INNER_BULLET = re.compile(
    rf"""(?<=[\s.!?…])
         (?= (?: [•●‣◦■□▪▫◾◽◼◻►▶➡➤✅☑✔✍❗‼⚡➖👉🔹🔸🔷🔶🔴🔵🟢🟡💬🎙📌📍][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]{{0,2}}
               | \d\ufe0f?\u20e3 ) \s{{0,3}} {_NOT_LOWER} )
       | (?<=[.!?…»”")]\s) (?= [{_DECORATION}]{{1,20}} \s{{0,3}} {_NOT_LOWER} )""",
    re.VERBOSE,
)

# A line that ends so is finished, whatever the next line begins with.
FINISHED = re.compile(r"[.!?…:;][\"'»”’)\]]{0,3}$")
# A place where a block that is too long may be cut without hurting a sentence.
SAFE_CUT = re.compile(r"[.!?…][\"'»”’)\]]{0,3}\s")

# razdel ends a sentence after these abbreviations; none ends there when the next word is of the named kind.
BEFORE_ANYTHING = re.compile(
    r"(?:^|[\s(«“\"'])(?:Gen|St|Sen|Rep|Gov|Col|Lt|Sgt|Capt|Maj|Adm|Amb|Prof|Rev|Hon|Pres|Mt|Messrs"
    r"|e\.\s?g|i\.\s?e|cf|viz|approx)\.$"
)
BEFORE_NUMBER = re.compile(
    r"(?:^|[\s(«“\"'])(?:arts?|sec|paras?|figs?|vol|nos|pp|ch|res|doc"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.$",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d|[IVXLC]+\b")
TIME_OF_DAY = re.compile(r"\d\s?[ap]\.\s?m\.$")
TIME_ZONE = re.compile(r"(?:Moscow|GMT|UTC|MSK|[CE]E?S?T|[EP][SD]T|BST)\b")
# razdel ends no sentence after these; one does end when a word follows that seldom goes on with it.
HIDDEN_END = re.compile(
    r"\b(?:(?:[A-Z]\.){2,}+|no\.)[\"”’)]?\s+"
    r"(?=(?:The|This|These|Those|That|It|Its|In|He|She|They|We|You|But|And|However|On|At|As|If|For|From|There"
    r"|When|While|Our|Their|A|An|What|Why|Who|How|Now|Then|So|Meanwhile|Moreover|According)\s)"
)

REFERENCE = re.compile(
    r"\(?(?:https?://|www\.|t\.me/|[#@]\w|[\w.-]+\.(?:com|ru|org|net|me|tv|info|ua|by|eu)(?:/\S*)?\W*$)",
    re.IGNORECASE,
)
TRAILER = re.compile(
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
