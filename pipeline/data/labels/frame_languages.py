"""In which languages a model is taught which frames: a frame never shown in a language is hardly found in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.language import UNDETERMINED, find_languages

FEWEST_ROWS = 10  # of a language, and
LEAST_SHARE = 0.01  # of all: what is less may be a language that was wrongly identified


@dataclass(frozen=True, slots=True)
class FrameLanguages:
    """Rows and positives by language.

    Attributes:
        rows: number of each language's rows, most first; texts without a determined language are left out.
        positives: by frame, number of rows that carry it in each language; languages without any are left out.
    """

    rows: dict[str, int]
    positives: dict[str, dict[str, int]]

    @staticmethod
    def of(*parts: LabelledData) -> "FrameLanguages":
        """Those of the rows of all parts together."""
        rows: Counter[str] = Counter()
        positives: dict[str, Counter[str]] = {frame: Counter() for frame in parts[0].frame_ids}
        for part in parts:
            langs = find_languages(part.table["lang"], part.table["text"])
            for lang, labels in zip(langs, part.table["labels"], strict=True):
                if lang != UNDETERMINED:
                    rows[lang] += 1
                    for frame in labels:
                        positives[frame][lang] += 1
        return FrameLanguages(
            dict(rows.most_common()), {f: dict(n.most_common()) for f, n in positives.items()}
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"rows": self.rows, "positives": self.positives}

    @staticmethod
    def from_json(content: Any) -> "FrameLanguages | None":
        """The reverse of `to_json`; None for a model from before this was kept."""
        if not isinstance(content, dict) or not isinstance(content.get("positives"), dict):
            return None
        return FrameLanguages(dict(content.get("rows", {})), content["positives"])

    def find_untaught(self, counts: Mapping[str, int]) -> dict[str, list[str]]:
        """Frames without a label in a language that these counts hold enough of, with those languages.

        Args:
            counts: rows or posts by language.
        """
        main = main_languages(counts)
        untaught = {
            frame: [lang for lang in main if not in_language.get(lang)]
            for frame, in_language in self.positives.items()
        }
        return {frame: langs for frame, langs in untaught.items() if langs}


def main_languages(counts: Mapping[str, int]) -> list[str]:
    """The languages that are more than an error of identification, most frequent first."""
    determined = {lang: n for lang, n in counts.items() if lang != UNDETERMINED}
    least = max(FEWEST_ROWS, LEAST_SHARE * sum(determined.values()))
    return sorted((lang for lang, n in determined.items() if n >= least), key=lambda lang: -determined[lang])


def describe_untaught(untaught: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One line for each language, with the frames that have no label in it."""
    by_language: dict[str, list[str]] = {}
    for frame, langs in untaught.items():
        for lang in langs:
            by_language.setdefault(lang, []).append(frame)
    return tuple(f"{lang}: {', '.join(frames)}" for lang, frames in by_language.items())
