"""Disguises of text taken back, and every offset of what remains led back to the original."""

import json
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from builders import FRAMES, each_its_own_cluster, labelled, quiet_context, toy_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.classifiers.build import build_classifier, load_classifier
from pipeline.classifiers.normalised_text import TEXT_FILE, with_normalisation, without_normalisation
from pipeline.classifiers.protocols import Classifier
from pipeline.config.model import TfidfSettings
from pipeline.data.text.look_alikes import ALIKE, SCRIPTS, find_script
from pipeline.data.text.normalise_batches import normalise_texts
from pipeline.data.text.text_normalisation import Normalised, needs_normalising, normalise, normalise_text
from pipeline.errors import ModelError

# Arbitrary Unicode, and text made of what the rules speak of, where they meet each other.
PIECES = [
    *"aаοеeЗWцÏё éß", "\u0301", "\u0306", "\u0336", "\u0489", "\u200b", "\u200d", "\u200c", "\ufe0f", "\xad",
    "\u202e", "\U000e0041", "❗", "👩", "\n", "\u2800", "\xa0", "-", "_", " ", "𝐖", "ｗ", "ﬁ", "ᴡ", "Ⅷ", "ŉ", "🅱",
    "1", "и\u0306", "می", "क्", "ש", "ᠠ", "\u3164", "война", "of", "\x00", "\ud800",
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
MANY = settings(deadline=None, max_examples=200)


@MANY
@given(TEXTS)
def test_done_twice_it_changes_nothing_more(text: str) -> None:
    once = normalise(text).text
    again = normalise(once)
    assert again.text == once
    assert again.text == again.original


@MANY
@given(TEXTS)
def test_the_map_never_goes_back_and_stays_in_the_original(text: str) -> None:
    found = normalise(text)
    assert len(found.spans) == len(found.text)
    assert all(0 <= start < end <= len(text) for start, end in found.spans)
    starts, ends = zip(*found.spans, strict=True) if found.spans else ((), ())
    assert list(starts) == sorted(starts)
    assert list(ends) == sorted(ends)


@MANY
@given(TEXTS)
def test_no_letter_or_digit_vanishes(text: str) -> None:
    covered = {place for start, end in normalise(text).spans for place in range(start, end)}
    lost = [character for i, character in enumerate(text) if i not in covered]
    fillers = "\u115f\u1160\u3164\uffa0"  # letters by name alone: nothing is seen of them
    assert not [c for c in lost if unicodedata.category(c)[0] in "LN" and c not in fillers]


@MANY
@given(TEXTS)
def test_what_has_nothing_to_be_done_is_itself_with_the_identity_map(text: str) -> None:
    found = normalise(text)
    if not needs_normalising(text):
        assert found.text == found.original
    if found.text == found.original:
        assert list(found.spans) == [(i, i + 1) for i in range(len(text))]
    assert normalise_text(text) == found.text


@MANY
@given(st.lists(TEXTS, max_size=20))
def test_many_texts_at_once_are_each_as_alone(texts: list[str]) -> None:
    texts = [*texts, *["ordinary text"] * 16]
    assert normalise_texts(texts) == [normalise(text).text for text in texts]


def test_a_variation_selector_is_judged_alike_after_any_character() -> None:
    every = [
        f"{chr(code)}\ufe0f" for code in [*range(0x3000), *range(0xD7F0, 0xF900, 7), *range(0x1F000, 0x1FA80)]
    ]
    assert normalise_texts(every) == [normalise_text(text) for text in every]


@pytest.mark.parametrize(
    "text", PIECES + [f"a{piece}b" for piece in PIECES] + [f"{piece} в" for piece in PIECES]
)
def test_no_piece_is_overlooked_among_many_texts(text: str) -> None:
    long = text * 9000
    assert normalise_texts([*["ordinary"] * 16, text, long]) == [
        *["ordinary"] * 16,
        normalise_text(text),
        normalise_text(long),
    ]


@MANY
@given(TEXTS, st.data())
def test_a_span_leads_back_to_all_that_its_parts_stand_for(text: str, data: st.DataObject) -> None:
    found = normalise(text)
    if not found.text:
        return
    start = data.draw(st.integers(0, len(found.text) - 1))
    end = data.draw(st.integers(start + 1, len(found.text)))
    first, last = found.find_original(start, end)
    assert all(first <= s and e <= last for s, e in found.spans[start:end])
    for i in range(start, end):  # a character that was kept stands in its span as it is
        s, e = found.spans[i]
        if found.text[i] in text[s:e]:
            assert found.text[i] in text[first:last]
    # Nothing but what was removed lies between two neighbours.
    untouched = [i for i in range(len(found.text)) if text[slice(*found.spans[i])] == found.text[i]]
    assert all(found.text[i] == text[found.spans[i][0]] for i in untouched)


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("Зaпaд угрoжaeт", "Запад угрожает"),  # Latin a, o, e
        ("coвeт", "совет"),  # most of its letters are Latin, but в and т can only be Cyrillic
        ("The Wеst is сoming", "The West is coming"),
        ("У цьому i a також", "У цьому і а також"),  # single letters follow their neighbours
        ("It is а test", "It is a test"),
        ("Κina attacks", "Kina attacks"),  # Greek Kappa
        ("во\u200bй\u00adна \u202eи\u202c мир", "война и мир"),
        ("в\U000e0061ойна\ufeff", "война"),
        ("во❗️йна", "война"),
        ("СРОЧНО❗️Подробности 5🔥👀", "СРОЧНО ❗️ Подробности 5 🔥👀"),
        ("𝐖𝐞𝐬𝐭 ｗｅｓｔ ﬁre ⓦⓔⓢⓣ ᴡᴇꜱᴛ 🆆🅴🆂🆃", "West west fire west west WEST"),
        ("и\u0306од е\u0308ж ї\u0336жак", "йод ёж їжак"),
        ("з\u0336а\u0489п\u0327а\u0361д", "запад"),
        ("The w e s t is", "The west is"),
        ("в о й н а", "война"),
        ("в-о-й-н-а в_о_й_н_а", "война война"),
        ("мир  и \n\n труд\u2800да", "мир и труд да"),
        ("з\u200b\u0430\u0440\u0061\u0301\u0430", "зараа"),  # one thing laid over another
    ],
)
def test_a_disguise_is_taken_back(disguised: str, plain: str) -> None:
    assert normalise(disguised).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "Ещё йод, ёлка, їжак, ґанок, об'єкт, сором'язливий, ’ і — «лапки»…",
        "naïve café, Zürich, Łódź, año",
        "می‌خواهم به خانه‌ها بروم",  # Persian: the non-joiner is spelling
        "لَا إِلَٰهَ إِلَّا", "שָׁלוֹם עֲלֵיכֶם",  # vowel marks
        "क्‍षत्रिय न्‍याय", "ക്‍", "ශ්‍රී ලංකා",  # joiners of Indic scripts
        "ᠠ\u180bᠶ", "日本語が。ｶﾀｶﾅ！", "한국어 ㅎㅎ", "Tiếng Việt đẹp", "Ελλάδα και Κύπρος",
        "👨‍👩‍👧 и 🏳‍🌈", "🇺🇦🇷🇺 мир", "❗️ ☀️ 1️⃣ ▫️ ©️ ‼️", "№ 5, ™, 100 м², ℹ",
        "SMSка и IT-отдел, PRщик, USBшный",  # mixes that are meant
        "BBC и OPEC сообщают", "бронетранспортёр M113, система A2", "Сегодня сообщили: «See a cat»",
        "СРОЧНО ❗ Подробности", "А я і в школі", "U.S.S.R. and J. R. R. T.", "1 2 3 4 5", "μTorrent",
    ],
)  # fmt: skip
def test_what_means_something_stays(text: str) -> None:
    composed = unicodedata.normalize("NFC", text) if text.isascii() else text
    assert normalise(composed).text == composed


def test_offsets_of_a_word_are_those_of_its_disguise() -> None:
    text = "Мы: 𝐖е\u200bs\u0336t  и в❗️ойна"
    found = normalise(text)
    assert found.text == "Мы: West и война"
    start = found.text.index("West")
    assert text[slice(*found.find_original(start, start + 4))] == "𝐖е\u200bs\u0336t"
    start = found.text.index("война")
    assert text[slice(*found.find_original(start, start + 5))] == "в❗️ойна"
    assert text[slice(*found.spans[found.text.index(" и")])] == "  "


@pytest.mark.parametrize("span", [(0, 0), (2, 1), (-1, 1), (0, 4)])
def test_a_span_that_is_none_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"received start {span[0]}, end {span[1]}"):
        Normalised("abc", "abc", [(0, 1), (1, 2), (2, 3)]).find_original(*span)


def test_every_look_alike_is_of_another_script_and_of_the_same_case() -> None:
    for target in SCRIPTS:
        for other, own in ALIKE[target].items():
            assert find_script(own) == target != find_script(other)
            assert own.isupper() == other.isupper(), (own, other)


@pytest.mark.parametrize(
    "piece",
    ["\u0301\u0323", "и\u0306\u0301", "aа", "\u200b\u200d", "a ", "❗\ufe0f", "a-", " \u2800", "\u0301"],
)
def test_hostile_length_takes_linear_time(piece: str) -> None:
    def seconds(n: int) -> float:
        text, found = "a" + piece * n, []
        for _ in range(3):
            began = time.process_time()
            normalise(text)
            found.append(time.process_time() - began)
        return min(found)

    assert seconds(12_000) < 10 * max(seconds(3_000), 0.004)  # quadratic time: 16 times as much


def fit_baseline(folder: Path, *, normalise_text: bool) -> Classifier:
    model = build_classifier(
        TfidfSettings(min_df=1, c_grid=(10.0,)), FRAMES, single_label=False, normalise_text=normalise_text
    )
    data = toy_rows()
    model.fit(data, None, each_its_own_cluster(data), quiet_context(folder))
    return model


def test_a_model_that_reads_normalised_text_does_so_after_loading(tmp_path: Path) -> None:
    plain, disguised = "missile border мир перемирие", "mis\u200bsіle b\u0336order мир пеpeмиpиe"
    model = fit_baseline(tmp_path, normalise_text=True)
    model.save(tmp_path)
    loaded = load_classifier("tfidf", tmp_path)
    for classifier in (model, loaded):
        first, second = classifier.predict_proba([plain, disguised])
        np.testing.assert_array_equal(first, second)
    bare = without_normalisation(loaded).predict_proba([plain, disguised])
    assert np.abs(bare[0] - bare[1]).max() > 0.1
    np.testing.assert_array_equal(
        with_normalisation(without_normalisation(loaded)).predict_proba([disguised])[0], first
    )


def test_a_model_of_before_reads_texts_as_they_are(tmp_path: Path) -> None:
    model = fit_baseline(tmp_path, normalise_text=False)
    model.save(tmp_path)
    assert not (tmp_path / TEXT_FILE).exists()
    first, second = load_classifier("tfidf", tmp_path).predict_proba(["missile", "mis\u200bsile"])
    assert not np.array_equal(first, second)


def test_it_learns_from_disguised_texts_what_it_would_from_plain_ones(tmp_path: Path) -> None:
    data = toy_rows()
    disguised = labelled(
        [t.replace("о", "o\u200b").replace("e", "е") for t in data.table["text"]], data.table["labels"]
    )
    found = []
    for rows in (data, disguised):
        model = build_classifier(
            TfidfSettings(min_df=1, c_grid=(3.0,)), FRAMES, single_label=False, normalise_text=True
        )
        model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))
        found.append(model.predict_proba(list(data.table["text"])))
    np.testing.assert_array_equal(found[0], found[1])


def test_rules_of_another_version_are_refused(tmp_path: Path) -> None:
    fit_baseline(tmp_path, normalise_text=True).save(tmp_path)
    (tmp_path / TEXT_FILE).write_text(json.dumps({"normalisation_rules": 99}), encoding="utf-8")
    with pytest.raises(ModelError, match="normalised by rules 99; this version has rules 1"):
        load_classifier("tfidf", tmp_path)
