"""One thing under several names: abbreviations, states and bodies, variants of words; and words that only look alike.

In English, Russian and Ukrainian; what is standard there, no more.
"""

# ruff: noqa: E501 - lists of words, in Cyrillic too

from typing import Final

from pipeline.data.copies.weighed_words import fold_phrases
from pipeline.data.text.text_words import fold_words

# Each line one word in several forms that euphony or habit choose among
_VARIANTS: Final = """
    в во
    с со
    к ко
    о об обо
    от ото
    из изо
    под подо
    над надо
    перед передо
    бы б
    чтобы чтоб
    или иль
    уже вже
    з із зі
    від од
    би б
    всі усі
    всіх усіх
    всім усім
    все усе
    вчора учора
    всюди усюди
    вранці уранці
    вночі уночі
    ввечері увечері
    весь увесь
    towards toward
    among amongst
    while whilst
    amid amidst
    until till
    upon on
    program programme programs programmes
    because since
    although though
    however but yet
    around approximately roughly circa
    nearly almost
    also too
    inside within
    near beside
    поскольку ибо
    но однако
    около примерно приблизительно
    возле близ вблизи
    также тоже
    свыше более
    кроме помимо
    между меж
    хотя хоть
    через спустя
    бо оскільки
    але проте однак
    біля коло поблизу
    близько приблизно орієнтовно
    щоб аби
    хоча хоч
    лише тільки лиш
    крім окрім
    також теж
    понад більше
    grey gray
    cheque check
    sceptic skeptic
    sceptical skeptical
    plough plow
    jail gaol
    tyre tire
    tyres tires
    cheques checks
    moulds molds
    muhammad mohammed mohammad muhammed mohamed
    mould mold
    manoeuvre maneuver
    manoeuvres maneuvers
    judgement judgment
    ageing aging
    aeroplane airplane
    learnt learned
    burnt burned
    spelt spelled
    dreamt dreamed
    leapt leaped
    lit lighted
    ok okay
    vs versus
    ноль нуль
    тоннель туннель
    kyiv kiev
    kharkiv kharkov
    lviv lvov
    odesa odessa
    mykolaiv nikolaev nikolayev
    zaporizhzhia zaporizhia zaporozhye
    chernihiv chernigov
    luhansk lugansk
    donbas donbass
    chornobyl chernobyl
    dnipro dnieper
    belarus belorussia byelorussia
    moldova moldavia
    turkey türkiye turkiye
    netherlands holland
    czechia czech
    beijing peking
    беларусь белоруссия
    беларуси белоруссии
    молдова молдавия
    молдовы молдавии
    таллин таллинн
    киргизия кыргызстан
    nato нато
    gaddafi qaddafi kadafi
"""
VARIANTS: Final = {
    word: min(words)
    for words in (fold_words(line) for line in _VARIANTS.strip().splitlines())
    for word in words
}
# Small words in several, and one that says the same
SMALL_PHRASES: Final = {
    phrase: fold_words(one)[0]
    for one, phrases in (
        ("because", "due to|because of|owing to|on account of"),
        ("despite", "in spite of"),
        ("to", "in order to"),
        ("over", "more than"),
        ("under", "less than"),
        ("near", "close to|next to"),
        ("during", "in the course of"),
        ("поскольку", "потому что|так как|в связи с тем что|из-за того что"),
        ("чтобы", "для того чтобы|с тем чтобы"),
        ("свыше", "больше чем|более чем"),
        ("возле", "рядом с|недалеко от"),
        ("во", "во время|в ходе"),
        ("бо", "тому що|через те що|позаяк"),
        ("щоб", "для того щоб|задля того щоб"),
        ("понад", "більш ніж|більше ніж"),
        ("біля", "поруч з|поруч із|недалеко від"),
        ("під", "під час|у ході|в ході"),
    )
    for phrase in fold_phrases(phrases)
}
# Beginnings of foreign names in Cyrillic, and these names
BRANDS: Final = {
    short: long
    for long, *shorts in map(
        fold_words,
        [
            "facebook фейсбук",
            "youtube ютуб ютьюб",
            "twitter твиттер твіттер",
            "google гугл",
            "telegram телеграм",
            "instagram инстаграм інстаграм",
            "tiktok тикток тікток",
            "whatsapp вотсап ватсап",
            "viber вайбер",
            "wagner вагнер",
        ],
    )
    for short in shorts
}
# Words that look like one another's typing errors and are none
CONFUSED: Final = frozenset(
    frozenset(pair)
    for pair in fold_phrases(
        """
    form from|calm clam|lion loin|coal cola|grid gird|county country|counties countries|remove remote|removed remoted|defection deflection|command commend|content contend
    contest context|statue statute|united untied|sacred scared|casual causal|martial marital|trail trial|silver sliver
    desert dessert|latter later|dinner diner|planned planed|marry merry|adverse averse|moral morale|human humane
    local locale|personal personnel|formally formerly|principal principle|prescribe proscribe|expand expend|extend extent
    reality realty|inhibit inhabit|immigrant emigrant|immigrate emigrate|president precedent|device devise|price prize
    advice advise|weather whether|breath breathe|cloths clothes|through thorough|though through|thought though
    political politically|stationary stationery|complement compliment|corporation cooperation|minister ministry
    threat treat|threats treats|threatened treated|threatens treats|arms alms|board broad|quiet quite|angel angle
    bath bathe|force forge|forced forged|nation notion|nations notions|mission fission|passion mission
    правый правой|войско война|смерть смерч|страна сторона|страны стороны|страну сторону|стране стороне|власть сласть
    голос голод|город голод|приказ прикус|конец коней|планета палата|победа беда|политика политик|рабочий рабочая
    сторона страна|предать продать|предал продал|предали продали|отдал отнял|вывоз ввоз|границы гранаты|гранит граница
    країна сторона|країни україни|країну україну|країні україні|країна україна|країною україною|місто місце|право правда
    воля доля|влада вада
    """
    )
)
# An abbreviation | the beginnings of what it may stand for
ABBREVIATIONS: Final = {
    fold_words(short)[0]: fold_words(long)
    for short, long in (
        line.split(maxsplit=1)
        for line in """
    km kilometre kilometer
    kg kilogram
    hrs hour
    hr hour
    mins minute
    min minute minist minimum
    sec second secretar
    govt government
    gov government governor
    dept department
    gen general
    sen senator
    rep representative
    pres president
    prof professor
    dr doctor
    mr mister
    st street saint
    ave avenue
    mt mount
    col colonel
    lt lieutenant
    sgt sergeant
    capt captain
    maj major
    adm admiral
    approx approximately
    intl international
    natl national
    co company
    corp corporation
    univ universit
    ft feet foot
    tonnes tons
    info information
    dem democrat
    mil military million
    mon monday
    tue tuesday
    tues tuesday
    wed wednesday
    thu thursday
    thurs thursday
    fri friday
    sat saturday
    sun sunday
    incl including
    est established estimated
    км километр кілометр
    кг килограмм кілограм
    см сантиметр
    га гектар
    ч час
    час часов
    мин минут министр
    сек секунд
    г год город грам
    гг год город
    р рубл район рек рік рок
    рр рок
    м метр місто міст город
    обл област
    ул улиц
    пр проспект
    просп проспект
    пл площад площ
    пос посел посёл
    пгт посел
    дер деревн
    им имени
    ім імені
    св свят
    проф професс профес
    акад академ
    зам заместител
    заст заступник
    нач начальник начальн
    гл главн глав
    ген генерал
    полк полковник
    кап капитан
    чел человек
    чол чоловік
    руб рубл
    гос государствен
    нац национальн національн
    тов товарищ
    гр граждан групп
    ст стат станци
    напр например напрямок наприклад
    респ республик
    междунар международн
    вул вулиц
    хв хвилин
    год годин
    нар народн
    деп депутат
    приб приблизно
    пн понедельник понеділ
    вт вторник вівтор
    ср сред серед
    чт четверг четвер
    пт пятниц п'ятниц
    сб суббот субот
    вс воскресен
    нд неділ
    """.strip().splitlines()
    )
}
# Abbreviations written with a hyphen or stops between two letters or pieces
HYPHENATED: Final = {
    fold_words(short): fold_words(long)
    for short, long in (
        line.split(" = ")
        for line in """
    р н = район
    г н = господин
    г жа = госпожа
    пр т = проспект
    гос во = государство
    пр во = правительство
    об во = общество
    кол во = количество
    т е = то есть
    т к = так как
    т н = так называемый
    e g = for example
    i e = that is
    p m = pm
    a m = am
    u s = us
    u k = uk
    u n = un
    e u = eu
    """.strip().splitlines()
    )
}
# What goes by several names: the abbreviations first, in capitals; then full names, by the beginnings of their words
_BODIES: Final = """
    USA US США | united states america | united states | соединен штат америк | соединен штат | сполучен штат америк | сполучен штат
    UK | united kingdom | great britain | britain | соединен королевств | великобритан | британи | сполучен королівств | велик британ
    UN ООН | united nations organi | united nations | организац объединен наци | організаці об'єднан наці
    EU ЕС ЄС | european union | европейск союз | евросоюз | європейськ союз | євросоюз
    NATO НАТО | north atlantic treaty organi | north atlantic alliance | североатлантическ альянс | північноатлантичн альянс
    RF РФ | russian federation | russia | российск федерац | росси | російськ федерац | росі
    IAEA МАГАТЭ МАГАТЕ | international atomic energy agency | международн агентств атомн энерг | міжнародн агентств атомн енерг
    OSCE ОБСЕ ОБСЄ | organi security cooperation europe | организац безопасност сотрудничеств европ | організац безпек співробітництв європ
    ПВО ППО | противовоздушн оборон | протиповітрян оборон
    БПЛА | беспилотн летательн аппарат | безпілотн літальн апарат | беспилотник | безпілотник
    ЦИК ЦВК | центризбирком | центральн избирательн комисс | центральн виборч комісі
    PRC КНР | people republic china | китайск народн республик | китайськ народн республік
    DPRK КНДР | democratic people republic korea | корейск народн демократическ республик
    NGO НКО НПО | non governmental organi | nongovernmental organi | некоммерческ организац | некомерційн організаці
    СССР СРСР USSR | советск союз | радянськ союз | soviet union
    СМИ ЗМІ | средств массов информац | засоб масов інформац
    АЭС АЕС NPP | атомн электростанци | атомн електростанці | nuclear power plant
    РПЦ | русск православн церк
    ВСУ ЗСУ AFU | вооружен сил украин | збройн сил україн | armed forces ukraine
    ВС | вооружен сил
    ТЭС ТЕС | теплов электростанци | теплов електростанці
    ГЭС ГЕС | гидроэлектростанци | гідроелектростанці
"""
BODIES: Final = [
    (
        fold_words(line.split(" | ")[0]),
        [fold_words(name) for name in line.split(" | ")[1:]],
    )
    for line in _BODIES.strip().splitlines()
]
