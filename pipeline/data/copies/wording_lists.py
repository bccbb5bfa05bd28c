"""Words of English, Russian and Ukrainian that weigh much, little or nothing in what a sentence says.

Written as people write them; `fold_words` brings them into the form in which words are compared.
"""

from typing import Final

from pipeline.data.text.text_words import fold_words


def _set(text: str) -> frozenset[str]:
    return frozenset(fold_words(text))


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    """Of phrases between bars or line breaks."""
    return frozenset(fold_words(phrase) for phrase in text.replace("\n", "|").split("|") if phrase.strip())


NEGATIONS: Final = _set(
    """
    no not nor never neither none nobody nothing nowhere without cannot t hardly barely scarcely unlikely against
    allegedly supposedly non anti un lack lacks lacking lacked refuse refuses refused deny denies denied fail fails failed
    не ни нет нету нельзя никогда никто никого никому никем ничто ничего ничему ничем никакой никакая никакое никакие
    никаких никаким нигде никуда ниоткуда никак некому нечего незачем без вряд едва якобы будто против вопреки отнюдь
    вовсе лишь отказ отказался отказалась отказались отрицает отрицают
    ні ані немає нема неможна ніколи ніхто нікого нікому ніким ніщо нічого нічому нічим ніякий ніяка ніяке ніякі ніяких
    ніде нікуди ніяк навряд ледве ледь наче нібито начебто проти всупереч аж няма ніхто нікога
    nicht kein keine keinen keinem keiner keines nie niemals nichts niemand niemanden niemandem nirgends weder ohne
    kaum gegen angeblich nein
    ne n pas jamais rien personne aucun aucune ni sans non guère nul nulle contre prétendument plus
    nunca jamás nadie nada ningún ninguno ninguna tampoco sin apenas contra
    mai niente nulla nessuno nessuna nessun senza neanche nemmeno contro não nem nenhum nenhuma ninguém sem
    niet geen nooit niets niemand zonder noch tegen inte ingen inget aldrig utan ikke ingenting uden uten
    nie nigdy nikt nic żaden żadna żadne bez przeciw ne nikdy nikdo nikto žiadny proti nem soha nincs nélkül
    nu niciodată nimeni nimic fără nuk asnjë kurrë nei ei mitte kunagi nav nekad bez ne niekada değil değil yok
    """
)
# More or less of these changes what is claimed: whether, how surely, by whom, when, how many, on which condition
_WEIGHTY_ENGLISH: Final = """
    will would shall should may might can could must ought need needs needed dare
    is are was were be been being am become becomes became
    if unless whether or either else otherwise except instead but although though despite
    perhaps maybe possibly probably likely apparently seemingly presumably reportedly rumoured rumored alleged
    suspected claimed so called potential potentially possible theoretically hopefully seems seem seemed appears appear
    appeared
    try tries tried trying want wants wanted plan plans planned planning intend intends intended hope hopes hoped
    promise promises promised threaten threatens threatened expect expects expected agree agrees agreed ready unable
    able begin begins began start starts started stop stops stopped cease continue continues continued
    say says said claim claims tell tells told believe believes believed think thinks according admit admits admitted
    all most some few many several every each both any half almost nearly only merely less fewer least more over under
    about around up roughly approximately partly partially mostly mainly largely temporarily
    former ex deputy vice acting fake false falsely pro counter mis pre post semi would-be self-styled
    before after until till since during yesterday tomorrow tonight monday tuesday wednesday thursday friday saturday
    sunday spring summer autumn winter year years month months week weeks day days
    by to from against for into
    i you he she it we they him her them us his its our their your my who whom whose what which where when why how
    illegal illegally unlawful unlawfully secret secretly voluntarily forcibly accidentally deliberately
"""
_WEIGHTY_SLAVIC: Final = """
    может могут мог могла могли можно должен должна должно должны нужно надо следует стоит пора хочет хотят хотел хотела
    хотели пытается пытаются пытался пытались собирается собираются намерен намерена намерены планирует планируют обещает
    обещают обещал обещали грозит грозят угрожает готов готова готово готовы буду будет будут будем был была было были
    бы б стал стала стали начал начала начали начинает перестал перестала перестали прекратил прекратили
    если ли или либо иначе кроме вместо но однако хотя несмотря
    возможно вероятно наверное видимо очевидно похоже кажется вроде предположительно мнимый мнимая мнимые
    называемый называемая называемое называемые предполагаемый предполагаемая возможный возможная возможные
    говорит говорят сказал сказала сказали заявил заявила заявили заявляет утверждает утверждают сообщил сообщила
    сообщили считает считают думает думают словам мнению данным слухам
    все всех всем всеми весь вся всё всю некоторые некоторых многие многих несколько каждый каждая каждое любой любая оба
    обе половина почти только более менее больше меньше свыше около примерно порядка частично временно
    бывший бывшая бывшие экс вице заместитель исполняющий лже псевдо фальшивый фальшивая ложный ложная про
    до после пока перед вчера завтра накануне понедельник вторник среду четверг пятницу субботу воскресенье весной летом
    осенью зимой год года лет месяц недели неделю день дня дней
    от к из для за
    я ты он она оно мы вы они его её их ему ей им нас вас наш наша наши ваш ваша ваши мой моя свой свою кто кого что где
    когда почему как
    незаконно незаконный незаконная тайно тайный насильно добровольно случайно нарочно
    може можуть міг могла могли можна повинен повинна повинні мусить мусять треба потрібно слід варто хоче хочуть хотів
    хотіла хотіли намагається намагаються намагався збирається збираються має мають планує планують обіцяє обіцяють
    обіцяв обіцяли загрожує готовий готова готове готові буде будуть був була було були би стали почав почала почали
    припинив припинила припинили
    якщо якби чи або інакше крім замість але проте однак хоча попри
    можливо ймовірно мабуть певно видно схоже здається ніби уявний званий звана звані імовірний можливий
    каже кажуть сказав сказала сказали заявив заявила заявили заявляє стверджує стверджують повідомив повідомила
    повідомили вважає вважають думає думають словами даними чутками
    усі всі всіх всім увесь деякі деяких багато кілька декілька кожен кожна будь-який обидва обидві половина майже тільки
    лише більше менше понад близько приблизно частково тимчасово
    колишній колишня колишні віце заступник фальшивий хибний неправдивий
    після поки вчора учора завтра напередодні понеділок вівторок середу четвер п'ятницю суботу неділю навесні влітку восени
    взимку рік року років місяць тижні тиждень день днів
    від до із зі для
    він вона воно ми ви вони його її їх йому їй нас вас наш наша наші ваш мій моя свій свою хто кого де коли чому як
    незаконно незаконний таємно таємний силоміць добровільно випадково навмисно
"""
WEIGHTY: Final = NEGATIONS | _set(_WEIGHTY_ENGLISH) | _set(_WEIGHTY_SLAVIC)
# Adverbs that colour a sentence: more or less of them is little, and they may stand anywhere in their clause
COLOURS: Final = _set(
    """
    again now also today still already indeed meanwhile currently presently once recently finally lately therefore thus
    moreover furthermore however here there then soon always clearly openly really truly simply certainly obviously
    naturally surely definitely actually officially publicly
    снова опять вновь теперь сейчас уже ещё сегодня также тоже действительно наконец недавно тут здесь там потом скоро
    всегда вот ведь итак значит кстати открыто просто конечно безусловно разумеется именно таки
    официально публично
    знову знов тепер зараз вже уже ще сьогодні також теж справді дійсно нарешті нещодавно тут там потім скоро завжди ось
    адже отже відкрито просто звичайно безумовно звісно саме таки офіційно публічно
    """
)
# Of no weight at all in an alignment
FREE: Final = _set("the a an that and & и что же ж то а і й та що")
TITLES: Final = _set(
    """
    president prime minister chancellor premier senator governor general colonel major captain admiral mayor king queen
    prince princess pope bishop father ambassador secretary chairman chairwoman speaker doctor professor judge comrade
    mr mrs ms miss mister sir lord lady dr prof gen col sen gov rep pres maj capt lt sgt st
    президент президента президенту президентом премьер министр министра министром премьера сенатор губернатор генерал
    полковник майор капитан адмирал мэр король королева принц папа епископ отец посол секретарь председатель спикер
    доктор профессор судья товарищ господин госпожа г-н депутат канцлер глава
    прем'єр міністр міністра губернатор полковник майор капітан мер король королева єпископ отець секретар голова спікер
    лікар професор суддя товариш пан пані депутат
    """
)
LABELS: Final = _phrases(
    """
    breaking|breaking news|update|updated|urgent|just in|flash|alert|news|developing|exclusive|important|attention
    новость|срочно|срочная новость|срочные новости|молния|важно|внимание|обновлено|обновление|экстренно|главное|новости
    дополнено|эксклюзив|апдейт|терміново|термінова новина|термінові новини|блискавка|важливо|увага|оновлено|оновлення
    головне|новини|доповнено|ексклюзив
    """
)
TRAILERS: Final = _phrases(
    """
    read more|read more here|more here|read on|details|details here|watch|watch video|video|photo|photos|source|link
    подробнее|подробности|читать далее|читать полностью|читайте подробнее|смотреть|смотрите видео|видео|фото|источник
    ссылка|докладніше|детальніше|читати далі|подробиці|дивитися|дивіться відео|відео|джерело|посилання
    """
)
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
    у в уві
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
    grey gray
    cheque check
    sceptic skeptic
    sceptical skeptical
    plough plow
    jail gaol
    tyre tire
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
    facebook фейсбук
    youtube ютуб ютьюб
    twitter твиттер твіттер
    google гугл
    telegram телеграм телеграмм
    nato нато
    gaddafi qaddafi kadafi
"""
VARIANTS: Final = {
    word: min(words)
    for words in (fold_words(line) for line in _VARIANTS.strip().splitlines())
    for word in words
}
# Words that look like one another's typing errors and are none
CONFUSED: Final = frozenset(
    frozenset(pair)
    for pair in _phrases(
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
    г год город грам рок
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
# Words that often open a sentence and are no names
OPENERS: Final = _set(
    """
    new old young big great good bad large small local foreign western eastern northern southern national whole entire
    another more other these those this such own proud heroic brave peaceful ordinary simple honest real true poor rich
    people soldiers residents citizens farmers workers officials experts voters teachers
    эти этот эта это такие такой
    ці цей ця це такі такий
    """
)
SUBORDINATORS: Final = _set(
    """
    if unless because since although though while whereas when whenever before after until once as so where
    если потому поскольку хотя пока когда после перед прежде чтобы так ибо раз как где
    якщо бо оскільки хоча поки коли після перш щоб тому як де через
    """
)
PREPOSITIONS: Final = _set(
    """
    in on at by near during under over above below with within from to into for across along around behind beside
    between beyond despite through throughout towards amid among after before since until because without against
    according at about as
    в во на у к ко с со по под над при за из от до для о об через после перед между среди вокруг возле около вдоль из-за
    ради вместо кроме согласно благодаря вблизи внутри без ввиду вследствие
    із зі з біля від до під над при за по після перед між серед навколо вздовж через заради замість крім згідно завдяки
    поблизу всередині уві
    """
)
# When: these may stand anywhere in their clause, and so may "last", "this" and so on before one
TIMES: Final = _set(
    """
    today yesterday tomorrow tonight monday tuesday wednesday thursday friday saturday sunday night morning evening noon
    midnight week month year time spring summer autumn winter dawn
    вчера завтра утром днём вечером ночью весной летом осенью зимой накануне послезавтра позавчера
    вчора учора завтра вранці вдень увечері ввечері вночі уночі навесні влітку восени взимку напередодні
    """
)
WHICH_TIMES: Final = _set(
    """
    last this next every each that early late
    этой этим этот прошлой прошлым прошлый следующей каждый каждую
    цієї цього цим минулої минулого минулим наступного щойно кожного
    """
)
SAYING: Final = _set(
    """
    said says say stated states declared told reported reports announced announces added warned claimed claims believes
    сказал сказала сказали заявил заявила заявили заявляет говорит говорят сообщил сообщила сообщили сообщает сообщают
    объявил объявила добавил добавила отметил отметила считает считают утверждает подчеркнул подчеркнула
    сказав сказала сказали заявив заявила заявили заявляє каже кажуть повідомив повідомила повідомили повідомляє
    повідомляють оголосив оголосила додав додала зазначив зазначила вважає вважають стверджує підкреслив підкреслила
    """
)
RELATIVES: Final = _set(
    "that which who whom whose whether что который которая которое которые которого которой которую которых кто чей"
    " що який яка яке які якого якої яку яких хто чий"
)
