"""Pairs of texts written by hand with known answers: what their kinds say, and those that rules were tuned on.

One pair a line: kind | text | text; a line break is //. All sentences are invented.

Two texts are *copies* if one is the other as people and programs pass texts on: edited, cut, quoted, decorated, denied,
with another name or number filled in by hand; so that whoever knows one knows the other. They are not if they share a
subject, an opening, a footer or the form of a report, or if one retells the other in words of its own.

They *say the same* if a coder who has read one need not read the other: who, what, when, how many and whether are the
same, and only the writing differs: signs, case, links, hashtags, emoji, spelling, errors, endings, a word that colours,
a numeral or an abbreviation for its words, sentences and clauses in another order. A denial, a contrary, a doubt, a
question, other roles, another name, number or day, a part left out or a comment put in say something else.
"""

# ruff: noqa: E501, RUF001 - a table of sentences in three alphabets' letters

from collections.abc import Mapping
from typing import Final

from pipeline.benchmarks.validity.text_pairs import Pair

ANSWERS: Final = {  # kind -> copies (one fold), say the same (one label)
    "signs": (True, True),
    "link": (True, True),
    "capitals": (True, True),
    "form": (True, True),
    "typing": (True, True),
    "word more": (True, True),
    "tags": (True, True),
    "numerals": (True, True),
    "spelling": (True, True),
    "written name": (True, True),
    "order": (True, True),
    "abbreviation": (True, True),
    "denied": (True, False),
    "contrary": (True, False),
    "hedged": (True, False),
    "tense": (True, False),
    "roles": (True, False),
    "name": (True, False),
    "number": (True, False),
    "numerals differ": (True, False),
    "day": (True, False),
    "within": (True, False),
    "cut": (True, False),
    "asked": (True, False),
    "retold": (False, False),
    "opening": (False, False),
    "notice": (False, False),
    "same subject": (False, False),
    "quoted word": (False, False),
}
TUNED_PAIRS: Final = {
    "en": """
signs | The railway to Ostrava will carry grain again from the first week of March | ❗️The railway to Ostrava will carry grain again — from the first week of March…
link | Farmers in the delta sold their harvest to the mill for half of last year's price | Farmers in the delta sold their harvest to the mill for half of last year's price https://example.org/n/8812
capitals | Nobody in the ministry has read the report on the burnt warehouse | NOBODY IN THE MINISTRY HAS READ THE REPORT ON THE BURNT WAREHOUSE!!!
tense | The hospital of Zelm received two trucks of medicine from the northern union | The hospital of Zelm receives two trucks of medicine from the northern union
typing | Every pupil in the valley now learns the old anthem before breakfast | Every pupil in the valey now learns the old anhtem before breakfast
word more | The mayor of Brod promised warm flats to the families from the island | The mayor of Brod again promised warm flats to the families from the island
tags | Three bridges over the Drava were closed for heavy lorries last night | Three bridges over the Drava were closed for heavy lorries last night #drava #news
denied | The generals agreed to leave the southern airfield to the observers | The generals never agreed to leave the southern airfield to the observers
denied | Our engineers were able to mend the gas line under the lake | Our engineers were unable to mend the gas line under the lake
contrary | Parliament supports the loan that the western banks offered to the miners | Parliament rejects the loan that the western banks offered to the miners
contrary | Volunteers defend the monument in the old park from the builders | Volunteers attack the monument in the old park from the builders
name | The envoy of Carinthia called the blockade of the port a crime | The envoy of Moldova called the blockade of the port a crime
number | The new tax will cost each household 120 crowns a month from spring on | The new tax will cost each household 210 crowns a month from spring on
day | The council votes on the water treaty on Monday after a long delay | The council votes on the water treaty on Tuesday after a long delay
within | The harvest of this year feeds only the cities and not the villages | A reader sent us a voice message from the steppe. The harvest of this year feeds only the cities and not the villages. We could not reach the ministry for an answer.
cut | The old alliance has betrayed the small nations of the coast for the sake of cheap oil and quiet markets | The old alliance has betrayed the small nations of the coast for the sake of cheap oil
asked | The elections in the capital were decided by votes from abroad | The elections in the capital were decided by votes from abroad?
retold | Grain trains will run to Ostrava once more as soon as March begins | From early spring on, wheat is to be sent eastward by rail again, officials announced
opening | Breaking news from our correspondent in the region: the dam holds and nobody was hurt | Breaking news from our correspondent in the region: the teachers of two schools went on strike
notice | Attention, sirens in Halych at 04:15, stay in the cellars until the signal | Attention, sirens in Rivne at 22:40, stay in the cellars until the signal
""",
    "ru": """
signs | Поезда с зерном снова пойдут в Остраву с первой недели марта | ❗️Поезда с зерном снова пойдут в Остраву — с первой недели марта…
link | Крестьяне дельты продали урожай мельнице за половину прошлогодней цены | Крестьяне дельты продали урожай мельнице за половину прошлогодней цены https://example.org/n/8812
capitals | Никто в министерстве не читал доклад о сгоревшем складе | НИКТО В МИНИСТЕРСТВЕ НЕ ЧИТАЛ ДОКЛАД О СГОРЕВШЕМ СКЛАДЕ!!!
tense | Больница Зельма получила две машины лекарств от северного союза | Больница Зельма получает две машины лекарств от северного союза
typing | Каждый школьник долины теперь учит старинный гимн перед завтраком | Каждый школьник долны теперь учит старинный гмин перед завтраком
word more | Мэр Брода обещал тёплые квартиры семьям переселенцев с острова | Мэр Брода опять обещал тёплые квартиры семьям переселенцев с острова
tags | Три моста через Драву закрыли ночью для тяжёлых грузовиков | Три моста через Драву закрыли ночью для тяжёлых грузовиков #драва #новости
denied | Генералы согласились оставить южный аэродром международным наблюдателям | Генералы не согласились оставить южный аэродром международным наблюдателям
denied | Наши инженеры смогли починить газопровод под озером до холодов | Наши инженеры так и не смогли починить газопровод под озером до холодов
contrary | Парламент поддерживает кредит, который западные банки предложили шахтёрам | Парламент отвергает кредит, который западные банки предложили шахтёрам
contrary | Добровольцы защищают памятник в старом парке вместе с жителями | Добровольцы разрушают памятник в старом парке вместе с жителями
name | Посланник Каринтии назвал блокаду порта преступлением против всех | Посланник Молдавии назвал блокаду порта преступлением против всех
number | Новый налог будет стоить каждой семье 120 крон в месяц с весны | Новый налог будет стоить каждой семье 210 крон в месяц с весны
day | Совет голосует по водному договору в понедельник после долгой отсрочки | Совет голосует по водному договору во вторник после долгой отсрочки
within | Урожай этого года кормит только города, а не деревни вокруг них | Читатель прислал нам голосовое из степи. Урожай этого года кормит только города, а не деревни вокруг них. Дозвониться в министерство мы не смогли.
cut | Старый союз предал малые народы побережья ради дешёвой нефти и спокойных рынков на долгие годы вперёд | Старый союз предал малые народы побережья ради дешёвой нефти и спокойных рынков
asked | Выборы в столице решили голоса из-за границы | Выборы в столице решили голоса из-за границы?
retold | Поезда с зерном снова пойдут в Остраву с начала марта | Весной пшеницу опять повезут на восток по железной дороге, сообщили чиновники
opening | Срочная новость от нашего корреспондента в области: плотина держится, никто не пострадал | Срочная новость от нашего корреспондента в области: учителя двух школ начали забастовку
notice | Внимание, сирены в Галиче в 04:15, оставайтесь в подвалах до отбоя | Внимание, сирены в Ровно в 22:40, оставайтесь в подвалах до отбоя
""",
    "uk": """
signs | Потяги із зерном знову підуть до Острави з першого тижня березня | ❗️Потяги із зерном знову підуть до Острави — з першого тижня березня…
link | Селяни дельти продали врожай млинові за половину торішньої ціни | Селяни дельти продали врожай млинові за половину торішньої ціни https://example.org/n/8812
capitals | Ніхто в міністерстві не читав звіту про згорілий склад | НІХТО В МІНІСТЕРСТВІ НЕ ЧИТАВ ЗВІТУ ПРО ЗГОРІЛИЙ СКЛАД!!!
tense | Лікарня Зельма отримала дві машини ліків від північного союзу | Лікарня Зельма отримує дві машини ліків від північного союзу
typing | Кожен школяр долини тепер вчить старовинний гімн перед сніданком | Кожен школяр долни тепер вчить старовинний гмін перед сніданком
word more | Мер Брода обіцяв теплі квартири родинам переселенців з острова | Мер Брода знову обіцяв теплі квартири родинам переселенців з острова
tags | Три мости через Драву закрили вночі для важких вантажівок | Три мости через Драву закрили вночі для важких вантажівок #драва #новини
denied | Генерали погодилися залишити південний аеродром міжнародним спостерігачам | Генерали не погодилися залишити південний аеродром міжнародним спостерігачам
denied | Наші інженери змогли полагодити газогін під озером до холодів | Наші інженери так і не змогли полагодити газогін під озером до холодів
contrary | Парламент підтримує кредит, який західні банки запропонували шахтарям | Парламент відкидає кредит, який західні банки запропонували шахтарям
contrary | Добровольці захищають пам'ятник у старому парку разом з мешканцями | Добровольці руйнують пам'ятник у старому парку разом з мешканцями
name | Посланець Каринтії назвав блокаду порту злочином проти всіх | Посланець Молдови назвав блокаду порту злочином проти всіх
number | Новий податок коштуватиме кожній родині 120 крон на місяць від весни | Новий податок коштуватиме кожній родині 210 крон на місяць від весни
day | Рада голосує за водну угоду в понеділок після довгої відстрочки | Рада голосує за водну угоду у вівторок після довгої відстрочки
within | Врожай цього року годує тільки міста, а не села навколо них | Читач надіслав нам голосове зі степу. Врожай цього року годує тільки міста, а не села навколо них. Додзвонитися до міністерства ми не змогли.
cut | Старий союз зрадив малі народи узбережжя заради дешевої нафти та спокійних ринків на довгі роки вперед | Старий союз зрадив малі народи узбережжя заради дешевої нафти та спокійних ринків
asked | Вибори у столиці вирішили голоси з-за кордону | Вибори у столиці вирішили голоси з-за кордону?
retold | Потяги із зерном знову підуть до Острави від початку березня | Навесні пшеницю знов повезуть на схід залізницею, повідомили урядовці
opening | Термінова новина від нашого кореспондента в області: гребля тримається, ніхто не постраждав | Термінова новина від нашого кореспондента в області: вчителі двох шкіл почали страйк
notice | Увага, сирени в Галичі о 04:15, залишайтеся в підвалах до відбою | Увага, сирени в Рівному о 22:40, залишайтеся в підвалах до відбою
""",
}


def read_pairs(
    written: Mapping[str, str], language: str, answers: Mapping[str, tuple[bool, bool]] = ANSWERS
) -> tuple[list[str], list[Pair]]:
    """Texts of one language in a table, and the pairs among them."""
    texts: list[str] = []
    pairs: list[Pair] = []
    for line in written[language].strip().splitlines():
        kind, *both = (part.strip().replace(" // ", "\n") for part in line.split(" | "))
        are_copies, say_the_same = answers[kind]
        pairs.append(Pair(len(texts), len(texts) + 1, kind, are_copies, say_the_same))
        texts += both
    return texts, pairs
