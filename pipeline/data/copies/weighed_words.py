"""Words of English, Russian and Ukrainian that weigh much, little or nothing in what a sentence says, and small words.

Written as people write them; `fold_words` brings them into the form in which words are compared.
"""

# ruff: noqa: E501 - lists of words, in Cyrillic too

from typing import Final

from pipeline.data.text.text_words import fold_words


def _set(text: str) -> frozenset[str]:
    return frozenset(fold_words(text))


def fold_phrases(text: str) -> frozenset[tuple[str, ...]]:
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
    even well very quite indeed даже очень весьма вполне навіть дуже цілком
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
FREE: Final = _set("the teh a an that and adn & и что же ж то а і й та що")
# What colours a sentence in several words
COLOUR_PHRASES: Final = fold_phrases(
    """
    in fact|of course|it is clear that|it is clear|it is obvious that|it is known that|as we know|as is known
    as everyone knows|as you know|once again|once more|yet again|at last|in the end|after all|at the same time
    in other words|by the way|as usual|as always|and so|and now|so now|no doubt|without a doubt|needless to say
    to be honest|in reality|in truth|at this hour|right now|at the moment|for the record|let us recall|we recall that
    на самом деле|по сути|в сущности|как известно|ясно что|понятно что|очевидно что|известно что|конечно же
    в очередной раз|еще раз|в который раз|уже в который раз|тем временем|между тем|в конце концов|другими словами
    к слову|напомним что|напомним|отметим что|отметим|как всегда|как обычно|само собой|без сомнения|в итоге|и вот|так вот
    на данный момент|в данный момент|в настоящее время|на сегодняшний день|в эти минуты|прямо сейчас|в действительности
    что ж|ну что ж|ну|как мы и говорили|как и ожидалось|as expected|as we said|що ж|ну що ж|як і очікувалося|як ми й казали
    дорогие друзья|уважаемые друзья|дорогие подписчики|уважаемые читатели|только что
    dear friends|dear readers|dear subscribers|дорогі друзі|шановні друзі|дорогі підписники|щойно
    насправді|по суті|як відомо|зрозуміло що|ясно що|очевидно що|відомо що|звичайно ж|вкотре|в черговий раз|ще раз
    у черговий раз|тим часом|врешті решт|зрештою|іншими словами|до речі|нагадаємо що|нагадаємо|зазначимо що|зазначимо
    як завжди|як зазвичай|без сумніву|і ось|так ось|на даний момент|наразі|на сьогоднішній день|цієї миті|у дійсності
    """
)
# Which tie a sentence to the one before, at its beginning
CONNECTIVES: Final = _set(
    "so but yet thus hence then now и но а однако поэтому зато итак значит але проте однак тому тож отже адже зате"
)
# What a minister is of, and what comes before the word
PORTFOLIOS: Final = _set(
    """
    of affairs foreign interior internal defence defense finance health education economy energy culture justice
    transport agriculture labour labor environment trade prime
    иностранных дел внутренних обороны финансов здравоохранения образования экономики энергетики культуры юстиции
    транспорта труда торговли сельского хозяйства
    закордонних справ внутрішніх оборони фінансів охорони здоровя освіти економіки енергетики культури юстиції транспорту
    праці торгівлі аграрної політики
    """
)
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
LABELS: Final = fold_phrases(
    """
    breaking|breaking news|update|updated|urgent|just in|flash|alert|news|developing|exclusive|important|attention
    новость|срочно|срочная новость|срочные новости|молния|важно|внимание|обновлено|обновление|экстренно|главное|новости
    дополнено|эксклюзив|апдейт|терміново|термінова новина|термінові новини|блискавка|важливо|увага|оновлено|оновлення
    головне|новини|доповнено|ексклюзив
    """
)
# A part that begins with one of these and has none but these is a greeting or a call, no statement
CALLS: Final = _set(
    """
    read more watch video photo photos details source link subscribe follow join share repost like hello hi welcome
    good dear greetings learn see continue click
    подробнее подробности читать читайте смотреть смотрите видео фото источник ссылка подписаться подписывайтесь
    подпишитесь подписывайся присоединяйтесь вступайте делитесь поделитесь ставьте здравствуйте привет доброе добрый
    добрая доброго всем приветствуем дорогие уважаемые больше полный
    докладніше детальніше подробиці читати читайте дивитися дивіться відео фото джерело посилання підписатися підписуйтесь
    підписуйтеся підпишіться приєднуйтесь приєднуйтеся долучайтеся долучайтесь діліться поширюйте вітаємо вітаю привіт
    добрий доброго доброї усім шановні дорогі більше повний
    """
)
CALL_WORDS: Final = CALLS | _set(
    """
    on here full text story below us our we my the a to in at by for with and via this it all everyone everybody friends
    readers subscribers followers colleagues channel channels telegram page website site app news latest updates daily
    every day morning evening afternoon night ladies gentlemen comments bio report article now today you your
    на наш нашего нашем нашу нашу канал канала канале каналы телеграм телеграмм telegram сайте странице новости новостей нас
    здесь тут ниже по ссылке в во и с со друзья друзьями читатели подписчики коллеги утро день вечер дня ночи утра текст
    материал комментариях далее полностью чтобы не пропустить главное вместе нам каждый
    на наш нашого нашому канал каналу каналі телеграм telegram сайті сторінці новини новин нас тут нижче за посиланням у в
    і й та з друзі друзями читачі підписники колеги ранок ранку день дня вечір вечора текст матеріал коментарях далі
    повністю щоб не пропустити головне разом нам щодня
    """
)
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
    ночь утро вечер неделю месяц год ежедневно ежегодно ежемесячно ніч ранок вечір тиждень рік щоночі щодня щороку щотижня
    today yesterday tomorrow tonight monday tuesday wednesday thursday friday saturday sunday night morning evening noon
    midnight week month year time spring summer autumn winter dawn
    понедельник вторник среду четверг пятницу субботу воскресенье полдень полночь утра вечера ночи дня
    понеділок середу п'ятницю суботу неділю ранку опівдні опівночі
    вчера завтра утром днём вечером ночью весной летом осенью зимой накануне послезавтра позавчера
    вчора учора завтра вранці уранці вдень увечері ввечері вночі уночі навесні влітку восени взимку напередодні
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
    wrote writes explained recalled stressed noted insisted confirmed argued insists
    предупредил предупредила предупредили напомнил напомнила написал написала рассказал рассказала подтвердил подтвердила
    пояснил пояснила уверяет попередив попередила написав розповів розповіла нагадав нагадала пояснив підтвердив наголосив
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
