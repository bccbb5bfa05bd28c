"""Copies that deny, count or name otherwise bear no label of the other."""

import numpy as np
import pytest

from pipeline.benchmarks.validity.channel_texts import FORMULAS, make_channel
from pipeline.benchmarks.validity.text_claims import find_undivided_copies, find_undivided_statements
from pipeline.data.copies.near_duplicates import cluster_texts, find_statements

SAME = [
    (
        "Russia is ready for peace talks this autumn",
        "RUSSIA IS READY FOR PEACE TALKS THIS AUTUMN!!! https://t.me/a/1",
    ),
    (
        "Our neighbours have always respected the old treaty",
        "Our neighbours have always respetced the old treaty",
    ),
    ("Наши соседи всегда уважали этот старый договор", "Наши соседи всегда уважали этот старый договоры"),
    ("Наші сусіди завжди поважали цей старий договір", "Наші сусіди таки завжди поважали цей старий договір"),
    ("Every child here knows the old anthem by heart", "Every child here knows the old anhtem by heart"),
    (
        "The bridge was closed for lorries last night",
        "The bridge was closed for lorries last night #bridge #lorries",
    ),
    (
        "The port of Hvar was closed to ships last night",
        "#Hvar The port of Hvar was closed to ships last night",
    ),
    ("They shot down twelve drones over the old bridge", "They shot down 12 drones over the old bridge"),
    ("Три корабля вышли из порта этой тихой ночью", "3 корабля вышли из порта этой тихой ночью"),
    (
        "Nobody will freeze this winter. Coal comes from the coast.",
        "Coal comes from the coast. Nobody will freeze this winter.",
    ),
]
SAME += [  # what is no part of a statement
    ("The port was closed to ships last night", "The port was closed to ships last night #Hvar"),
    ("The port was closed to ships last night", "Good morning! The port was closed to ships last night."),
    ("The port was closed to ships last night", "1. The port was closed to ships last night"),
    (
        "Порт закрыли для кораблей прошлой ночью",
        "Порт закрыли для кораблей прошлой ночью. Подписывайтесь на наш канал!",
    ),
    (
        "Порт закрили для кораблів минулої ночі",
        "Порт закрили для кораблів минулої ночі. Детальніше: site.ua/n/12",
    ),
    ("The port was closed because the dam had burst", "The port was closed since the dam had burst"),
    ("The mine lost 5 million dollars in one week", "The mine lost USD 5 million in one week"),
]
SAME += [  # abbreviations, numbers, spellings, order, titles: what the first lines of a rule do not find
    ("The United Nations calls for a truce in the valley", "The UN calls for a truce in the valley"),
    ("The International Grain Council denies that harvests failed", "The IGC denies that harvests failed"),
    ("Минобороны сообщает о новых потерях на юге", "Министерство обороны сообщает о новых потерях на юге"),
    ("У м. Зельм закрили останню школу біля річки", "У місті Зельм закрили останню школу біля річки"),
    ("Gen. Keller ordered the retreat from the hills", "General Keller ordered the retreat from the hills"),
    (
        "The loan of $5 million was paid on 3 March 2024",
        "The loan of 5 million dollars was paid on March 3, 2024",
    ),
    (
        "Более 12 000 человек покинули долину за месяц",
        "Более двенадцати тысяч человек покинули долину за месяц",
    ),
    ("П’ять шкіл залишилися без тепла цієї зими", "5 шкіл залишилися без тепла цієї зими"),
    ("The generals don't want peace at the border", "The generals do not want peace at the border"),
    ("The defence of the harbour cost us dear this year", "The defense of the harbor cost us dear this year"),
    (
        "Zelenskyy thanked the mayor of Kyiv for the shelter",
        "Zelensky thanked the mayor of Kiev for the shelter",
    ),
    ("On Tuesday the council of Brod closed the school", "The council of Brod closed the school on Tuesday"),
    ("Nordia, Karvia and Lindau signed the grain deal", "Lindau, Nordia and Karvia signed the grain deal"),
    ("The dam will hold, said the minister of energy", "The minister of energy said the dam will hold"),
    ("Если санкции снимут, порт Зельма снова откроется", "Порт Зельма снова откроется, если санкции снимут"),
    ("Вчера в Броде прошёл митинг против голода", "Митинг против голода прошёл вчера в Броде"),
    ("BREAKING: The council of Brod closed the school", "The council of Brod closed the school"),
    ("Today the council of Brod closed the school", "The council of Brod closed the school"),
    ("President Barovin called the elections a farce", "Barovin called the elections a farce"),
    ("«Млн» раз говорили, что санкции бьют по тем", "Млн раз говорили, что санкции бьют по тем"),
    ("На самом деле санкции бьют по тем, кто их ввёл", "Санкции бьют по тем, кто их ввёл"),
]
OTHER = [
    (
        "Nordia accuses Karvia of shelling the power station",
        "Karvia accuses Nordia of shelling the power station",
    ),
    ("The friends of Nordia fear the men of Karvia", "The friends of Karvia fear the men of Nordia"),
    ("Армия Севера атаковала армию Юга у реки", "Армия Юга атаковала армию Севера у реки"),
    ("Министра обвинил посол соседней страны в обмане", "Министр обвинил посла соседней страны в обмане"),
    ("After the west betrayed the east, peace ended", "After the east betrayed the west, peace ended"),
    ("The minister said the general lied to the court", "The general said the minister lied to the court"),
    ("The former mayor of Brod sold the port to us", "The mayor of Brod sold the port to us"),
    ("The factory may produce shells for the rebels", "The factory produces shells for the rebels"),
    ("Церковь поддержала забастовку докеров в порту", "Церковь поддержит забастовку докеров в порту"),
    ("Міністр підписав указ про хлібні картки вчора", "Міністр підписував указ про хлібні картки вчора"),
    ("The loan of $50 million saves the old mine", "The loan of €50 million saves the old mine"),
    ("The US sent its envoy to the talks in Rosno", "The UK sent its envoy to the talks in Rosno"),
    ("Because the west armed, the east closed the gate", "Because the east closed the gate, the west armed"),
    ("The old minister left the town in silence", "The old ministry left the town in silence"),
    ("The minister of Karvia sold the port to strangers", "Karvia sold the port to strangers"),
    ("Almost all villages of the valley have light", "All villages of the valley have light"),
    ("Second convoy reached the besieged town at dawn", "Third convoy reached the besieged town at dawn"),
    ("Больница получила две машины лекарств от союза", "Больница получает две машины лекарств от союза"),
    (
        "The port of Niger was closed to ships last night",
        "The port of Nigeria was closed to ships last night",
    ),
    ("The state is ready for peace talks this autumn", "The state is not ready for peace talks this autumn"),
    ("The state is ready for peace talks this autumn", "The state isn't ready for peace talks this autumn"),
    (
        "The state is ready for peace talks this autumn",
        "The state is hardly ready for peace talks this autumn",
    ),
    ("The old state supports the new peace plan", "The old state rejects the new peace plan"),
    ("Город готов к переговорам о мире с соседом", "Город не готов к переговорам о мире с соседом"),
    ("Місто готове до переговорів про мир із сусідом", "Місто не готове до переговорів про мир із сусідом"),
    ("Die Stadt will mit den Nachbarn verhandeln", "Die Stadt will nicht mit den Nachbarn verhandeln"),
    ("La ville veut parler avec tous ses voisins", "La ville ne veut parler avec tous ses voisins"),
    ("La ciudad quiere hablar con todos sus vecinos", "La ciudad no quiere hablar con todos sus vecinos"),
    ("المدينة تريد الحديث مع كل جيرانها اليوم", "المدينة لا تريد الحديث مع كل جيرانها اليوم"),
    ("They shot down 12 drones over the old bridge", "They shot down 31 drones over the old bridge"),
    ("They shot down ten drones over the old bridge", "They shot down two drones over the old bridge"),
    ("The alarm of today was heard in Alba and in Graz", "The alarm of today was heard in Alba and in Hvar"),
    ("Они сбили три дрона над старым мостом ночью", "Они сбили 4 дрона над старым мостом ночью"),
    ("The new plan is a nuclear threat to us all", "The new plan is a unclear threat to us all"),
    ("The port was closed to ships last night #hvar", "The port was closed to ships last night #graz"),
    (
        "The port was closed to ships last night",
        "The port was closed to ships last night #ThePortIsOursAgain",
    ),
    ("Who is to blame? The West. Who helps? We.", "Who is to blame? We. Who helps? The West."),
    ("We shall defend our land to the last house", "We and Hvar shall defend our land to the last house"),
    ("The town will open its gates to the guests", "Will the town open its gates to the guests?"),
    ("The town will open its gates to the guests", "The town will open its gates to the guests?"),
    (
        "The town will open its gates to the guests",
        "The town will open its gates to the guests, and whoever asks who pays for it is called an enemy",
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_label_may_be_copied_to_what_says_the_same(one: str, other: str) -> None:
    assert find_statements([one, other]).tolist() == [0, 0]
    assert find_statements([other, one]).tolist() == [0, 0]


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_a_label_may_not_be_copied_to_what_says_something_else(one: str, other: str) -> None:
    assert find_statements([one, other]).tolist() == [0, 1]
    assert find_statements([other, one]).tolist() == [0, 1]


def test_a_text_without_hashtags_does_not_join_two_that_differ_in_theirs() -> None:
    text = "The port was closed to ships last night"
    assert find_statements([text, f"{text} #hvar", f"{text} #graz"]).tolist() == [0, 0, 2]


@pytest.mark.parametrize("language", FORMULAS)
def test_what_recurs_in_a_channels_sentences_is_no_footer_of_what_they_say(language: str) -> None:
    texts, said = make_channel(language)
    found = find_statements(texts, channels=["ministry"] * len(texts))
    is_one, is_true = (np.equal.outer(ids, ids) for ids in (found, np.array(said)))
    assert not (is_one & ~is_true).any(), "another verdict, hour or day"
    assert (is_one & is_true).sum() > len(texts) * 1.4, "and a footer below is known by its line"


def test_chinese_japanese_and_thai_pairs_are_told_as_english_ones_are() -> None:
    missed = [
        finding.setting
        for measure in (find_undivided_copies, find_undivided_statements)
        for finding in measure(1)
        if not finding.is_kept
    ]
    assert missed == []


def test_a_letter_is_another_person_or_word_in_arabic() -> None:
    texts = [
        "أعلنت حكومتنا وقف إطلاق النار في المدينة القديمة",
        "أعلنت حكومتها وقف إطلاق النار في المدينة القديمة",
    ]
    assert find_statements(texts).tolist() == [0, 1]
    assert find_statements([texts[0], "أعلنت حُكومتُنا وقف إطلاق النار في المدينة القديمة!"]).tolist() == [0, 0]


def test_no_word_may_differ_in_a_language_of_which_no_rule_knows_the_words() -> None:
    text = "Die Armee hat die Brücke im Norden der Stadt gestern gesprengt"
    others = [text.replace("die Brücke", "vielleicht die Brücke"), text.upper() + "!"]
    assert find_statements([text, *others]).tolist() == [0, 1, 0]


def test_numbers_and_abbreviations_without_end_are_read() -> None:
    for part in ("9", "999 ", "million ", "U.S. ", "a b ", "I'm ", "первый ", "1.1.", "$5 %", "#a "):
        text = "The war goes on for years " + part * 3000
        assert find_statements([text, f"BREAKING: {text}"]).tolist() == [0, 0], part


def test_what_denies_a_text_still_stands_in_its_fold() -> None:
    assert cluster_texts(OTHER[0]).tolist() == [0, 0]
