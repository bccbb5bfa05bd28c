"""Pairs of texts with known answers, in English, Russian and Ukrainian: copies or not, one statement or not.

All sentences are invented. A statement has variants written by hand; what people and programs do to a text on its way
(links, signs, typing errors, quotation, footers) is done to them at random.
"""

# ruff: noqa: E501, RUF001 - a table of sentences in three alphabets' letters, a statement and its variants in one line

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Statement | denied | the contrary | another name | another number | another form of a word | a harmless word more |
# retold in other words
_STATEMENTS: Final = {
    "en": """
The council of Morava is ready to reopen 14 schools near the border this autumn | The council of Morava is not ready to reopen 14 schools near the border this autumn | The council of Morava is afraid to reopen 14 schools near the border this autumn | The council of Lindau is ready to reopen 14 schools near the border this autumn | The council of Morava is ready to reopen 41 schools near the border this autumn | The councils of Morava is ready to reopen 14 schools near the border this autumn | The council of Morava is now ready to reopen 14 schools near the border this autumn | Fourteen classrooms by the frontier will receive pupils again in September, Morava promises
Our neighbours have always respected the treaty that Baron signed with 3 powers | Our neighbours have never respected the treaty that Baron signed with 3 powers | Our neighbours have always violated the treaty that Baron signed with 3 powers | Our neighbours have always respected the treaty that Keller signed with 3 powers | Our neighbours have always respected the treaty that Baron signed with 5 powers | Our neighbour have always respected the treaty that Baron signed with 3 powers | Our good neighbours have always respected the treaty that Baron signed with 3 powers | What Baron agreed upon with three great states was kept by those who live next to us
The fleet of Nordia left the bay after 20 days and its sailors praised the harbour | The fleet of Nordia left the bay after 20 days and none of its sailors praised the harbour | The fleet of Nordia entered the bay after 20 days and its sailors praised the harbour | The fleet of Sudania left the bay after 20 days and its sailors praised the harbour | The fleet of Nordia left the bay after 60 days and its sailors praised the harbour | The fleets of Nordia left the bay after 20 days and its sailors praised the harbour | The whole fleet of Nordia left the bay after 20 days and its sailors praised the harbour | Nordian ships are gone; whoever served on them speaks well of the port
Experts say that prices in Tarnow will fall by 7 percent before the elections | Experts say that prices in Tarnow will not fall by 7 percent before the elections | Experts say that prices in Tarnow will rise by 7 percent before the elections | Experts say that prices in Krems will fall by 7 percent before the elections | Experts say that prices in Tarnow will fall by 17 percent before the elections | Expert say that prices in Tarnow will fall by 7 percent before the elections | Experts still say that prices in Tarnow will fall by 7 percent before the elections | Life in Tarnow is to become cheaper by the time people vote, according to economists
The people of Arvand want a world without masters and they trust 2 old allies | The people of Arvand want a world with masters and they trust 2 old allies | The people of Arvand hate a world without masters and they trust 2 old allies | The people of Belgrano want a world without masters and they trust 2 old allies | The people of Arvand want a world without masters and they trust 9 old allies | The peoples of Arvand want a world without masters and they trust 2 old allies | The proud people of Arvand want a world without masters and they trust 2 old allies | No country should rule others: so think the citizens of Arvand and a pair of their friends
""",
    "ru": """
Совет города Моравин готов открыть 14 школ возле границы уже этой осенью | Совет города Моравин не готов открыть 14 школ возле границы уже этой осенью | Совет города Моравин боится открыть 14 школ возле границы уже этой осенью | Совет города Линдау готов открыть 14 школ возле границы уже этой осенью | Совет города Моравин готов открыть 41 школ возле границы уже этой осенью | Совету города Моравин готов открыть 14 школ возле границы уже этой осенью | Совет города Моравин вновь готов открыть 14 школ возле границы уже этой осенью | Ученики четырнадцати приграничных классов вернутся за парты, обещают моравинские власти
Наши соседи всегда уважали договор, который Барон подписал с 3 державами востока | Наши соседи никогда уважали договор, который Барон подписал с 3 державами востока | Наши соседи всегда нарушали договор, который Барон подписал с 3 державами востока | Наши соседи всегда уважали договор, который Келлер подписал с 3 державами востока | Наши соседи всегда уважали договор, который Барон подписал с 5 державами востока | Наши соседи всегда уважали договора, который Барон подписал с 3 державами востока | Наши добрые соседи всегда уважали договор, который Барон подписал с 3 державами востока | То, о чём условились три великих государства, соблюдают все, кто живёт рядом с нами
Флот Нордии покинул залив спустя 20 дней, и его моряки хвалили тихую гавань | Флот Нордии не покинул залив спустя 20 дней, и его моряки хвалили тихую гавань | Флот Нордии захватил залив спустя 20 дней, и его моряки хвалили тихую гавань | Флот Судании покинул залив спустя 20 дней, и его моряки хвалили тихую гавань | Флот Нордии покинул залив спустя 60 дней, и его моряки хвалили тихую гавань | Флоты Нордии покинул залив спустя 20 дней, и его моряки хвалили тихую гавань | Флот Нордии покинул большой залив спустя 20 дней, и его моряки хвалили тихую гавань | Нордийские корабли ушли, а матросы остались довольны портом
Эксперты считают, что цены в Тарнове упадут на 7 процентов ещё до выборов | Эксперты считают, что цены в Тарнове вряд упадут на 7 процентов ещё до выборов | Эксперты считают, что цены в Тарнове вырастут на 7 процентов ещё до выборов | Эксперты считают, что цены в Кремсе упадут на 7 процентов ещё до выборов | Эксперты считают, что цены в Тарнове упадут на 17 процентов ещё до выборов | Эксперту считают, что цены в Тарнове упадут на 7 процентов ещё до выборов | Эксперты вновь считают, что цены в Тарнове упадут на 7 процентов ещё до выборов | Жизнь тарновцев подешевеет к дню голосования, уверены экономисты
Народ Арванда хочет мира без хозяев и верит 2 старым союзникам на востоке | Народ Арванда хочет мира с хозяев и не верит 2 старым союзникам на востоке | Народ Арванда боится мира без хозяев и верит 2 старым союзникам на востоке | Народ Бельграно хочет мира без хозяев и верит 2 старым союзникам на востоке | Народ Арванда хочет мира без хозяев и верит 9 старым союзникам на востоке | Народы Арванда хочет мира без хозяев и верит 2 старым союзникам на востоке | Народ Арванда снова хочет мира без хозяев и верит 2 старым союзникам на востоке | Ни одна страна не должна править другими: так думают граждане и пара их друзей
""",
    "uk": """
Рада міста Моравин готова відкрити 14 шкіл біля кордону вже цієї осені | Рада міста Моравин не готова відкрити 14 шкіл біля кордону вже цієї осені | Рада міста Моравин боїться відкрити 14 шкіл біля кордону вже цієї осені | Рада міста Ліндау готова відкрити 14 шкіл біля кордону вже цієї осені | Рада міста Моравин готова відкрити 41 шкіл біля кордону вже цієї осені | Рада міста Моравин готові відкрити 14 шкіл біля кордону вже цієї осені | Рада міста Моравин знову готова відкрити 14 шкіл біля кордону вже цієї осені | Учні чотирнадцяти прикордонних класів повернуться за парти, обіцяє моравинська влада
Наші сусіди завжди поважали договір, який Барон підписав із 3 державами сходу | Наші сусіди ніколи поважали договір, який Барон підписав із 3 державами сходу | Наші сусіди завжди порушували договір, який Барон підписав із 3 державами сходу | Наші сусіди завжди поважали договір, який Келлер підписав із 3 державами сходу | Наші сусіди завжди поважали договір, який Барон підписав із 5 державами сходу | Наші сусідам завжди поважали договір, який Барон підписав із 3 державами сходу | Наші добрі сусіди завжди поважали договір, який Барон підписав із 3 державами сходу | Те, про що домовилися три великі країни, шанують усі, хто живе поруч із нами
Флот Нордії залишив затоку через 20 днів, і його моряки хвалили тиху гавань | Флот Нордії не залишив затоку через 20 днів, і його моряки хвалили тиху гавань | Флот Нордії захопив затоку через 20 днів, і його моряки хвалили тиху гавань | Флот Суданії залишив затоку через 20 днів, і його моряки хвалили тиху гавань | Флот Нордії залишив затоку через 60 днів, і його моряки хвалили тиху гавань | Флоту Нордії залишив затоку через 20 днів, і його моряки хвалили тиху гавань | Флот Нордії залишив велику затоку через 20 днів, і його моряки хвалили тиху гавань | Нордійські кораблі пішли, а матроси були задоволені портом
Експерти вважають, що ціни в Тарнові впадуть на 7 відсотків ще до виборів | Експерти вважають, що ціни в Тарнові навряд впадуть на 7 відсотків ще до виборів | Експерти вважають, що ціни в Тарнові зростуть на 7 відсотків ще до виборів | Експерти вважають, що ціни в Кремсі впадуть на 7 відсотків ще до виборів | Експерти вважають, що ціни в Тарнові впадуть на 17 відсотків ще до виборів | Експерт вважають, що ціни в Тарнові впадуть на 7 відсотків ще до виборів | Експерти знову вважають, що ціни в Тарнові впадуть на 7 відсотків ще до виборів | Життя тарнівців подешевшає до дня голосування, певні економісти
Народ Арванду хоче світу без панів і вірить 2 старим союзникам на сході | Народ Арванду хоче світу без панів і не вірить 2 старим союзникам на сході | Народ Арванду боїться світу без панів і вірить 2 старим союзникам на сході | Народ Бельграно хоче світу без панів і вірить 2 старим союзникам на сході | Народ Арванду хоче світу без панів і вірить 9 старим союзникам на сході | Народи Арванду хоче світу без панів і вірить 2 старим союзникам на сході | Народ Арванду знову хоче світу без панів і вірить 2 старим союзникам на сході | Жодна країна не має правити іншими: так думають громадяни та пара їхніх друзів
""",
}
_FOOTERS: Final = {
    "en": "Read us every day, send your news to the bot below and bring your friends to the channel",
    "ru": "Читайте нас каждый день, присылайте новости боту внизу и приводите друзей на канал",
    "uk": "Читайте нас щодня, надсилайте новини боту внизу та приводьте друзів на наш канал",
}
_COMMENTS: Final = {
    "en": """
This is what they wrote to us from the coast this morning | Judge for yourself whether it is so
Our reader heard it on the train | We have asked three officials and got no answer
A friend of the editors sends this | The rest will be told tonight
From a letter that was passed on | Nobody knows who paid for it
It was said at the market | Remember these words when winter comes
""",
    "ru": """
Вот что нам сегодня утром написали с побережья | Судите сами, так ли это на самом деле
Наш читатель услышал это в поезде | Мы спросили трёх чиновников и ответа не получили
Это прислал друг редакции | Остальное расскажем вечером
Из письма, которое передали по рукам | Никому не известно, кто за это заплатил
Говорили об этом на рынке | Вспомните эти слова, когда придёт зима
""",
    "uk": """
Ось що нам сьогодні зранку написали з узбережжя | Судіть самі, чи це насправді так
Наш читач почув це в потязі | Ми спитали трьох посадовців і відповіді не дочекалися
Це надіслав друг редакції | Решту розповімо ввечері
З листа, який передали з рук у руки | Нікому не відомо, хто за це заплатив
Казали про це на ринку | Згадайте ці слова, коли прийде зима
""",
}
_REPORTS: Final = {
    "en": "The alarm in the district of {name} was raised at {hour}:{minute} and all were led to the shelters by guards",
    "ru": "Тревога в районе {name} была объявлена в {hour}:{minute}, и всех отвели в укрытия дежурные",
    "uk": "Тривогу в районі {name} було оголошено о {hour}:{minute}, і всіх відвели до укриттів чергові",
}
_NAMES: Final = "Alba Borovo Cesena Drama Elbasan Foca Graz Hvar Izola Jajce Karlovac Lipik".split()  # noqa: SIM905
LANGUAGES: Final = tuple(_STATEMENTS)
_LONG_WORD: Final = 7  # letters


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of a set, by their places, and whether they are copies and say the same."""

    one: int
    other: int
    kind: str
    are_copies: bool
    say_the_same: bool


def make_pairs(language: str, seed: int) -> tuple[list[str], list[Pair]]:
    """Texts of one channel each and pairs among them; other seeds, other accidents."""
    generator = random.Random(f"{language} {seed}")  # noqa: S311 - a simulation
    texts: list[str] = []
    pairs: list[Pair] = []
    for line, comment in zip(_lines(_STATEMENTS[language]), _lines(_COMMENTS[language]), strict=True):
        first = len(texts)
        for kind, text, is_copy, same in _variants(line, comment, generator):
            texts.append(text)
            if len(texts) > first + 1:
                pairs.append(Pair(first, len(texts) - 1, kind, is_copy, same))
    return texts, [*pairs, *_add_forms(language, texts, generator)]


def _lines(written: str) -> list[list[str]]:
    return [line.split(" | ") for line in written.strip().splitlines()]


def _variants(
    written: list[str], comment: list[str], generator: random.Random
) -> Iterator[tuple[str, str, bool, bool]]:
    """Kind, text, whether it is a copy of the first, whether it says the same; the statement itself is the first."""
    plain, denied, contrary, name, number, inflected, more, retold = written
    before, after = comment
    yield "itself", plain, True, True
    yield (
        "capitals and a link",
        f"{plain.upper()}! https://t.me/channel/{generator.randrange(999)}",
        True,
        True,
    )
    yield "signs", f"⚡️ {plain.replace(' ', '  ', 2)}…", True, True
    yield "typing error", _mistype(plain, generator), True, True
    yield "another form", inflected, True, True
    yield "a word more", more, True, True
    yield "denied", denied, True, False
    yield "the contrary", contrary, True, False
    yield "another name", name, True, False
    yield "another number", number, True, False
    yield "quoted", f"{before}. {plain}. {after}", True, False
    yield "quoted in part", " ".join(plain.split()[: -(len(plain.split()) // 5)]), True, False
    yield "asked", f"{plain}?", True, False
    yield "retold", retold, False, False


def _mistype(text: str, generator: random.Random) -> str:
    """Two letters of a long word changed places, after its third."""
    words = text.split()
    place = generator.choice(
        [i for i, word in enumerate(words) if len(word) >= _LONG_WORD and word.isalpha()]
    )
    word = words[place]
    at = generator.randrange(4, len(word) - 1)
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def _add_forms(language: str, texts: list[str], generator: random.Random) -> Iterator[Pair]:
    """Posts with a common footer, and reports of one kind: no two of them are copies."""
    retold = [line[-1] for line in _lines(_STATEMENTS[language])]
    words = " ".join(retold).split()
    for kind in ("footer", "report"):
        first = len(texts)
        for i in range(30):
            if kind == "footer":
                texts.append(f"{' '.join(generator.sample(words, 9))}.\n{_FOOTERS[language]}")
            else:
                moment = {"hour": 10 + i % 12, "minute": f"{(i * 7) % 60:02}"}
                texts.append(_REPORTS[language].format(name=_NAMES[i % len(_NAMES)], **moment))
        for one in range(first, len(texts) - 1):
            yield Pair(one, one + 1, kind, are_copies=False, say_the_same=False)
