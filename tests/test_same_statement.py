"""Copies that deny, count or name otherwise bear no label of the other."""

import pytest

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
OTHER = [
    ("Больница получила две машины лекарств от союза", "Больница получает две машины лекарств от союза"),
    ("The port of Niger was closed to ships last night", "The port of Nigeria was closed to ships last night"),
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
    ("The port was closed to ships last night", "The port was closed to ships last night #Hvar"),
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


def test_what_denies_a_text_still_stands_in_its_fold() -> None:
    assert cluster_texts(OTHER[0]).tolist() == [0, 0]
