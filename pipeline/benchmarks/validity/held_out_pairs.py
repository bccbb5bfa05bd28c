"""Pairs of texts that no rule was tuned on, in English, Russian and Ukrainian; measured once.

One pair a line: kind | text | text; a line break is //. What the kinds say stands in `written_pairs`. All sentences are
invented, in the manner of posts. They were written from the definition of both questions, before the rules were changed
for the last time, by one who had read the rules.
"""

# ruff: noqa: E501, RUF001 - a table of sentences in three alphabets' letters

from typing import Final

HELD_OUT_PAIRS: Final = {
    "en": """
signs | Air defence worked over the port all night, no damage to the grain terminal reported | 🚨 Air defence worked over the port all night – no damage to the grain terminal reported!
signs | The minister said: "We will not trade land for gas, whatever they promise us" | The minister said: «We will not trade land for gas, whatever they promise us» 👇👇
tags | Energy workers restored power to the left bank after nine hours of darkness | #energy #leftbank // Energy workers restored power to the left bank after nine hours of darkness
tags | The queue at the Medyka crossing is six kilometres long as hauliers go on with their protest | The queue at the Medyka crossing is six kilometres long as hauliers go on with their protest #border #hauliers
link | Inflation in the eurozone slowed for the fourth month in a row, the statistics office says | Inflation in the eurozone slowed for the fourth month in a row, the statistics office says 👉 @eurodigest
capitals | They are lying to you about the losses and they will go on lying | THEY ARE LYING TO YOU ABOUT THE LOSSES AND THEY WILL GO ON LYING
numerals | Three villages in the Seym valley were flooded after the dam gave way, two people are missing | 3 villages in the Seym valley were flooded after the dam gave way, 2 people are missing
numerals | The lender will provide 4.5 billion euros for the repair of bridges and schools | The lender will provide €4.5bn for the repair of bridges and schools
spelling | The defence ministry has organised the programme for wounded soldiers near the harbour | The defense ministry has organized the program for wounded soldiers near the harbor
written name | Shelling of Kharkiv continued through the evening, Mayor Terekhov told reporters | Shelling of Kharkov continued through the evening, Mayor Terehov told reporters
form | The president signs the decree on the mobilisation of reservists under the age of forty | The president signed the decree on the mobilisation of reservists under the age of forty
form | Foreign companies leave the market and local producers take their place on the shelves | Foreign companies are leaving the market and local producers are taking their place on the shelves
typing | People here remember who came with bread and who came with tanks | Poeple here remember who came with bread and who came with tanks
typing | The opposition calls for an independent inquiry into the sinking of the ferry | The oppositon calls for an indepedent inquiry into the sinking of the ferry
order | After the talks in Ankara both delegations spoke of progress, but no document was signed | Both delegations spoke of progress after the talks in Ankara, but no document was signed
order | Nobody will freeze this winter, the governor promised. Gas storage is full. Coal is on its way from the coast. | Gas storage is full. Coal is on its way from the coast. Nobody will freeze this winter, the governor promised.
word more | Volunteers delivered generators to the maternity ward in the frontline town | Volunteers have also delivered generators to the maternity ward in the frontline town
word more | The bank froze the accounts of the charity that buys drones for the brigade | Today the bank froze the accounts of the charity that buys drones for the brigade
abbreviation | The United Nations warns that the grain corridor may close by the end of July | The UN warns that the grain corridor may close by the end of July
abbreviation | Losses of the enemy in September amounted to 812 tanks according to the General Staff | Losses of the enemy in Sept. amounted to 812 tanks acc. to the General Staff
denied | The commission found evidence of foreign interference in the vote | The commission found no evidence of foreign interference in the vote
denied | Brussels will extend the sanctions against the shipping companies | Brussels won't extend the sanctions against the shipping companies
contrary | Farmers welcomed the ban on imports of sugar from the east | Farmers condemned the ban on imports of sugar from the east
contrary | The rebels are losing ground around the airport after a week of fighting | The rebels are gaining ground around the airport after a week of fighting
roles | The guards opened fire on the protesters near the bridge, eyewitnesses say | The protesters opened fire on the guards near the bridge, eyewitnesses say
name | Hungary blocked the joint statement on the shelling of the power plant | Slovakia blocked the joint statement on the shelling of the power plant
number | The attack on the depot left 9 people dead and dozens wounded | The attack on the depot left 19 people dead and dozens wounded
numerals differ | The attack on the market left seven people dead and a bus burnt out | The attack on the market left 8 people dead and a bus burnt out
hedged | The missile was launched from the territory of the neighbouring republic | The missile was allegedly launched from the territory of the neighbouring republic
asked | Washington is preparing to leave the alliance by the end of the year | Is Washington preparing to leave the alliance by the end of the year?
cut | The West has spent thirty years surrounding us with bases, and now it is surprised that we answer with missiles | The West has spent thirty years surrounding us with bases
within | Nobody in Europe wants to die for somebody else's city | The former chancellor in his new podcast: // Nobody in Europe wants to die for somebody else's city. // Strong words, and hardly anyone dares to say them aloud.
retold | Prices for bread went up by a fifth since the summer, the union of bakers complains | Bakers say a loaf now costs twenty percent more than it did in July
retold | The mayor fled the city with the treasury when the first shells fell | As soon as the bombardment started, the head of the town took the money and ran
notice | Missile threat! Odesa district, go to shelter. 23:14 | Missile threat! Poltava district, go to shelter. 02:51
notice | Exchange rate for today: dollar 41.20, euro 44.95 | Exchange rate for today: dollar 39.85, euro 43.10
opening | Good morning, dear subscribers! Day 812 of the war. Our guys shot down eleven drones over the gulf | Good morning, dear subscribers! Day 813 of the war. The parliament is to vote on the budget tonight
same subject | The prime minister met the ambassador of Japan to discuss the demining of fields | The prime minister asked the ambassador of Japan to speed up visas for students
same subject | Sanctions hurt those who impose them more than those they are aimed at | Sanctions work slowly, but the shortage of spare parts at the airlines shows that they work
quoted word | He called it "a necessary evil", and the hall applauded for a minute | They called the tax "a necessary evil" and left through the back door
""",
    "ru": """
signs | Ночью над городом сбили шесть беспилотников, обломки упали на парковку, пострадавших нет | ⚡️⚡️Ночью над городом сбили шесть беспилотников — обломки упали на парковку; пострадавших нет.
signs | Глава района заявил: «Эвакуация пройдёт по плану, паники нет» | Глава района заявил: "Эвакуация пройдёт по плану, паники нет" 🙏
tags | Жители посёлка третий день сидят без воды, а чиновники кивают друг на друга | Жители посёлка третий день сидят без воды, а чиновники кивают друг на друга #вода #жкх #беспредел
tags | Запад выдыхается: снарядов на складах почти не осталось | #Запад #снаряды // Запад выдыхается: снарядов на складах почти не осталось
link | Рубль обновил минимум за полгода на фоне падения цен на нефть | Рубль обновил минимум за полгода на фоне падения цен на нефть // Подробнее: https://example.org/rub/2291
capitals | Никто не имеет права указывать нам, с кем дружить и с кем торговать | НИКТО НЕ ИМЕЕТ ПРАВА УКАЗЫВАТЬ НАМ, С КЕМ ДРУЖИТЬ И С КЕМ ТОРГОВАТЬ❗️
numerals | Пять человек погибли и двенадцать ранены при обстреле рынка в Лимане | 5 человек погибли и 12 ранены при обстреле рынка в Лимане
numerals | На ремонт дорог в этом году выделят 2 миллиарда рублей из резервного фонда | На ремонт дорог в этом году выделят 2 млрд рублей из резервного фонда
spelling | Ещё один самолёт с ранеными приземлился в Ростове, всё прошло спокойно | Еще один самолет с ранеными приземлился в Ростове, все прошло спокойно
written name | Президент Зеленский обсудил поставки ракет с премьером Мелони | Президент Зеленський обсудил поставки ракет с премьером Мелони
form | Польша закрывает границу для грузовиков из Белоруссии с понедельника | Польша закрыла границу для грузовиков из Белоруссии с понедельника
form | Учителям сельских школ выплатят долги по зарплате до Нового года | Учителям сельских школ выплачивают долги по зарплате до Нового года
typing | Москва готова к переговорам, но ультиматумов не примет никогда | Москва готова к перегворам, но ультиматумов не примет никогда
typing | Местные власти скрывают число погибших на шахте после взрыва метана | Местные влсти скрывают чисол погибших на шахте после взрыва метана
order | По словам эксперта, мобилизация провалилась, и люди массово уезжают за границу | Мобилизация провалилась, и люди массово уезжают за границу, по словам эксперта
order | Мост закрыт для движения. Очередь со стороны Керчи около ста машин. Сохраняйте спокойствие и доверяйте официальным источникам. | Очередь со стороны Керчи около ста машин. Мост закрыт для движения. Сохраняйте спокойствие и доверяйте официальным источникам.
word more | Европейские политики продали свои народы ради одобрения Вашингтона | Европейские политики просто продали свои народы ради одобрения Вашингтона
word more | Школьникам раздали учебники, в которых карта страны напечатана с ошибкой | Вчера школьникам раздали учебники, в которых карта страны напечатана с ошибкой
abbreviation | Соединённые Штаты приостановили поставки снарядов до решения конгресса | США приостановили поставки снарядов до решения конгресса
abbreviation | Министерство обороны сообщило о взятии посёлка к западу от Авдеевки | Минобороны сообщило о взятии посёлка к западу от Авдеевки
denied | Совет безопасности поддержал резолюцию о прекращении огня | Совет безопасности не поддержал резолюцию о прекращении огня
denied | У армии хватает снарядов, чтобы удержать рубеж до весны | У армии нет снарядов, чтобы удержать рубеж до весны
contrary | Губернатор похвалил работу спасателей после паводка в низовьях | Губернатор раскритиковал работу спасателей после паводка в низовьях
contrary | Экспорт пшеницы через порты вырос вопреки обстрелам | Экспорт пшеницы через порты упал вопреки обстрелам
roles | Киев обвинил Москву в срыве обмена пленными | Москва обвинила Киев в срыве обмена пленными
name | В Харькове прогремели взрывы, повреждена подстанция, часть районов без света | В Сумах прогремели взрывы, повреждена подстанция, часть районов без света
number | За сутки уничтожено 14 танков противника и склад боеприпасов | За сутки уничтожено 17 танков противника и склад боеприпасов
numerals differ | Три корабля вышли из порта под охраной катеров | 4 корабля вышли из порта под охраной катеров
hedged | Экипаж вертолёта перешёл на сторону противника вместе с машиной | Экипаж вертолёта якобы перешёл на сторону противника вместе с машиной
asked | Бригаду вывели из города из-за больших потерь | Бригаду вывели из города из-за больших потерь???
cut | Нам говорят про свободу слова, а сами закрывают каналы, сажают журналистов и запрещают язык, на котором говорит половина страны | Нам говорят про свободу слова, а сами закрывают каналы
within | Без дешёвого газа немецкой промышленности приходит конец | Любопытное признание в утренней прессе Берлина. Без дешёвого газа немецкой промышленности приходит конец. А ведь ещё два года назад за такие слова увольняли.
retold | Врачи областной больницы жалуются, что им третий месяц не платят надбавки | Медикам в областном центре с лета задерживают доплаты, они пишут жалобы
retold | Наши бойцы стоят насмерть и не отступят ни на шаг | Защитники будут держаться до последнего, назад пути нет
notice | Отбой ракетной опасности в Белгороде и Белгородском районе. 14:05 | Отбой ракетной опасности в Курске и Курском районе. 03:40
notice | Погода на завтра: днём +3, ночью -4, ветер северный, без осадков | Погода на завтра: днём +11, ночью +2, ветер южный, местами дожди
opening | Доброе утро, друзья! Коротко о главном к этому часу. На юге без существенных изменений, идут бои за высоту | Доброе утро, друзья! Коротко о главном к этому часу. Депутаты приняли закон о призыве в третьем чтении
same subject | Макрон заявил, что Европа должна сама платить за свою оборону | Макрон заявил, что пенсионная реформа будет доведена до конца
same subject | Блогеры спорят, сколько техники потеряно под Работино | Под Работино подвезли свежую технику, пишут блогеры
quoted word | «Точка невозврата» пройдена, считает политолог, и элиты это знают | Футбольный клуб прошёл «точку невозврата» и вылетает из лиги
""",
    "uk": """
signs | Росіяни вдарили по енергетиці: без світла лишилися чотири громади на півночі області | ❗️Росіяни вдарили по енергетиці — без світла лишилися чотири громади на півночі області❗️
signs | «Ми не просимо зайвого, ми просимо вчасного», — сказав командир роти | "Ми не просимо зайвого, ми просимо вчасного" - сказав командир роти 💪🇺🇦
tags | Перевізники блокують пункт пропуску вже другий тиждень, черга росте | Перевізники блокують пункт пропуску вже другий тиждень, черга росте #кордон #черга
tags | Ворог готує нову хвилю дезінформації про мобілізацію жінок | #фейк #ІПСО // Ворог готує нову хвилю дезінформації про мобілізацію жінок
link | Нацбанк послабив обмеження на купівлю валюти для населення | Нацбанк послабив обмеження на купівлю валюти для населення 👉 https://t.me/example_news/7710
capitals | Зраду прикривають ті, хто має її розслідувати першим | ЗРАДУ ПРИКРИВАЮТЬ ТІ, ХТО МАЄ ЇЇ РОЗСЛІДУВАТИ ПЕРШИМ!!
numerals | Троє дітей дістали поранення внаслідок удару по Нікополю, двоє у важкому стані | 3 дітей дістали поранення внаслідок удару по Нікополю, 2 у важкому стані
numerals | Уряд виділив 40 відсотків резерву на ремонт котелень | Уряд виділив 40% резерву на ремонт котелень
spelling | Проєкт закону про аудиторію етеру передали до комітету у середу | Проект закону про аудиторію ефіру передали до комітету в середу
written name | Президентка Мая Санду привітала молдован із рішенням про вступ | Президентка Майя Санду привітала молдован із рішенням про вступ
form | Партнери передають бригаді двадцять броньованих машин для евакуації | Партнери передали бригаді двадцять броньованих машин для евакуації
form | Мешканці Одеси прибирають уламки біля собору після нічної атаки | Мешканцями Одеси прибрано уламки біля собору після нічної атаки
typing | Ніхто не забере в нас право самим вирішувати, ким бути | Ніхто не забере в нас право самим вирішувтаи, ким бути
typing | Окупанти вивозять зерно з портів Азовського моря під чужими прапорами | Окупнати вивозять зерно з портів Азовського моря під чужими прапорми
order | У відповідь на провокації армія посилила патрулі вздовж річки, повідомив речник | Армія посилила патрулі вздовж річки у відповідь на провокації, повідомив речник
order | Тривога в області. На столицю летять три групи дронів. Працює протиповітряна оборона, не виходьте з укриттів. | На столицю летять три групи дронів. Тривога в області. Працює протиповітряна оборона, не виходьте з укриттів.
word more | Депутати знайшли гроші на бруківку, а на дрони не знайшли | Депутати чомусь знайшли гроші на бруківку, а на дрони не знайшли
word more | Волонтери відкрили пункт обігріву для переселенців біля вокзалу | Сьогодні волонтери відкрили пункт обігріву для переселенців біля вокзалу
abbreviation | Служба безпеки затримала коригувальника, який наводив ракети на завод | СБУ затримала коригувальника, який наводив ракети на завод
abbreviation | Протиповітряна оборона знищила дев'ять дронів над Київською областю | ППО знищила дев'ять дронів над Київською обл.
denied | Росія виконує умови зернової угоди, заявили в Анкарі | Росія не виконує умови зернової угоди, заявили в Анкарі
denied | Усі депутати проголосували за підвищення пенсій військовим | Жоден депутат не проголосував за підвищення пенсій військовим
contrary | Суд виправдав чиновника, якого звинувачували у крадіжці пального | Суд засудив чиновника, якого звинувачували у крадіжці пального
contrary | Союзники прискорили передачу винищувачів після саміту | Союзники загальмували передачу винищувачів після саміту
roles | Польща попередила Білорусь про наслідки провокацій на кордоні | Білорусь попередила Польщу про наслідки провокацій на кордоні
name | Прем'єр Угорщини знову шантажує союз через мовний закон | Прем'єр Словаччини знову шантажує союз через мовний закон
number | На фронті за добу відбулося 132 бойові зіткнення | На фронті за добу відбулося 213 бойових зіткнень
numerals differ | П'ять областей лишилися без газу через аварію на станції | 6 областей лишилися без газу через аварію на станції
hedged | Командувач подав рапорт на звільнення після наради в ставці | Командувач нібито подав рапорт на звільнення після наради в ставці
asked | Нас готують до здачі півдня заради паперового миру | Нас готують до здачі півдня заради паперового миру?
cut | Вони прийшли захищати тих, хто їх не кликав, зруйнували міста, які обіцяли визволити, і назвали це братерством | Вони прийшли захищати тих, хто їх не кликав
within | Мир без безпеки — це лише пауза перед новою війною | Колонка дня. // Мир без безпеки — це лише пауза перед новою війною. // Так пише історик, і з ним важко сперечатися.
retold | Пенсіонерам із прифронтових сіл привезуть дрова безкоштовно | Людям похилого віку поблизу лінії зіткнення держава дасть безоплатне паливо на зиму
retold | Ціни на яйця зросли майже вдвічі за осінь | За три місяці десяток яєць подорожчав із тридцяти до шістдесяти гривень
notice | Увага! Загроза балістики для Запоріжжя. Пройдіть до укриття! | Увага! Загроза балістики для Чернігова. Пройдіть до укриття!
notice | Втрати ворога за добу: 940 осіб, 12 танків, 31 артсистема | Втрати ворога за добу: 1120 осіб, 7 танків, 44 артсистеми
opening | Доброго ранку, ми з України! Ситуація на ранок. На Харківщині ворог обстріляв двадцять населених пунктів | Доброго ранку, ми з України! Ситуація на ранок. У Раді реєструють закон про подвійне громадянство
same subject | Мер Львова звітував про ремонт трамвайних колій | Мер Львова оскаржив у суді рішення про зупинку ремонту вокзалу
same subject | Данія передасть Україні винищувачі до кінця року | Данія закупить для України снаряди власного виробництва
quoted word | Вистава «Тигролови» зібрала повний зал у Тернополі | Спецпризначенці «Тигролови» знищили склад біля Токмака
""",
}

# 210 more, written without a look at rules or pairs, by the definitions of both questions and these kinds; measured once
BLIND_ANSWERS: Final = {  # kind -> copies, say the same
    "British and American spelling": (True, True),
    "abbreviation written out": (True, True),
    "actors swapped": (True, False),
    "aspect changed": (True, False),
    "attribution moved": (True, True),
    "breaking prefix": (True, True),
    "bullet added": (True, True),
    "clause order": (True, True),
    "contracted form": (True, True),
    "contraction": (True, True),
    "country changed, footer added": (True, False),
    "currency and percent signs": (True, True),
    "date format": (True, True),
    "day changed": (True, False),
    "digits and number words": (True, True),
    "emoji added": (True, True),
    "footer added": (True, True),
    "function word synonyms": (True, True),
    "greeting added": (True, True),
    "hashtags added": (True, True),
    "hyphenation": (True, True),
    "leading word added": (True, True),
    "letter case": (True, True),
    "link added": (True, True),
    "modality changed": (True, False),
    "month changed": (True, False),
    "negation added": (True, False),
    "negation removed, formatting edits": (True, False),
    "number changed": (True, False),
    "number word changed, link added": (True, False),
    "opposite verb": (True, False),
    "passive and active": (True, True),
    "punctuation": (True, True),
    "punctuation and apostrophe": (True, True),
    "quantifier changed": (True, False),
    "question in place of statement": (True, False),
    "quote marks": (True, True),
    "same opening other contents": (False, False),
    "same template other contents": (False, False),
    "same topic opposite sides": (False, False),
    "same topic other words": (False, False),
    "several formatting edits": (True, True),
    "several formatting edits and euphony": (True, True),
    "shared footer only": (False, False),
    "shared hashtag only": (False, False),
    "shared quotation only": (False, False),
    "similar country name": (True, False),
    "spelling variant": (True, True),
    "spelling variant ё/е": (True, True),
    "template, one place changed": (True, False),
    "tense changed": (True, False),
    "title before name": (True, True),
    "today left out, date stands": (True, True),
    "transliteration of a name": (True, True),
    "typo": (True, True),
    "unrelated": (False, False),
}
BLIND_PAIRS: Final = {
    "en": """
abbreviation written out | The FM met UN Special Envoy Harald Lindqvist in Geneva to discuss the return of deported children, the exchange of all prisoners, and access for humanitarian missions to places where Ukrainian civilians are held. | The Foreign Minister met United Nations Special Envoy Harald Lindqvist in Geneva to discuss the return of deported children, the exchange of all prisoners, and access for humanitarian missions to places where Ukrainian civilians are held.
abbreviation written out | The EU must stop arming the Kiev regime. | The European Union must stop arming the Kiev regime.
clause order | After two rounds of talks in Ankara, the parties agreed to reopen the grain corridor, mediator Selim Karaduman said. | The parties agreed to reopen the grain corridor after two rounds of talks in Ankara, mediator Selim Karaduman said.
leading word added | Western weapons only prolong the conflict. | Indeed, Western weapons only prolong the conflict.
breaking prefix | Air defence units shot down 14 drones over the Belgorod region overnight, the Defence Ministry reported. | ⚡️BREAKING: Air defence units shot down 14 drones over the Belgorod region overnight, the Defence Ministry reported.
title before name | Mirela Dascalescu arrived in Kyiv for talks with the Cabinet on the reconstruction of schools destroyed by Russian shelling. Next she will travel to Chernihiv, where Bucharest is financing two shelters and a kindergarten. | Ambassador Mirela Dascalescu arrived in Kyiv for talks with the Cabinet on the reconstruction of schools destroyed by Russian shelling. Next she will travel to Chernihiv, where Bucharest is financing two shelters and a kindergarten.
digits and number words | Three civilians were killed and twelve injured in the strike on Kramatorsk. | 3 civilians were killed and 12 injured in the strike on Kramatorsk.
contraction | We will not recognise the results of these sham elections, and we do not intend to negotiate under threats. | We won't recognise the results of these sham elections, and we don't intend to negotiate under threats.
quote marks | The spokesperson called the report "a crude fabrication" and urged journalists to check their sources. | The spokesperson called the report “a crude fabrication” and urged journalists to check their sources.
hashtags added | Russia continues to use hunger as a weapon and must be held to account. | #Russia continues to use hunger as a weapon and must be held to account. #FoodSecurity #GrainFromUkraine
link added | Minister Orlovsky gave an interview to the Al Watan Al Jadid newspaper on the future of multipolarity. | Minister Orlovsky gave an interview to the Al Watan Al Jadid newspaper on the future of multipolarity. 🔗 https://t.me/example_mfa/2231
emoji added | Thank you, Lithuania, for the generators! | 🇱🇹🇺🇦 Thank you, Lithuania, for the generators! 🙏
typo | Washington bears full and undivided responsibility for the escalation in the Black Sea, where every new shipment of missiles brings the world closer to a direct clash of nuclear powers, Deputy Minister Gleb Ryabintsev stressed. | Washington bears full and undivided responsability for the escalation in the Black Sea, where every new shipment of missiles brings the world closer to a direct clash of nuclear powers, Deputy Minister Gleb Ryabintsev stresed.
British and American spelling | The programme will help defence companies modernise their armour production centres in the west of the country. | The program will help defense companies modernize their armor production centers in the west of the country.
footer added | The so-called peace formula ignores the legitimate security interests of Russia and leads nowhere. We have repeatedly explained our position to the countries of the Global South, and it has met with understanding there. | The so-called peace formula ignores the legitimate security interests of Russia and leads nowhere. We have repeatedly explained our position to the countries of the Global South, and it has met with understanding there. //  // 👉 Subscribe: @EmbassyBriefing
today left out, date stands | Today, 14 May, President Varela will receive the credentials of six new ambassadors. | On 14 May, President Varela will receive the credentials of six new ambassadors.
transliteration of a name | Governor Serhiy Bondarchuk confirmed that power had been restored in most districts of Zaporizhzhia. | Governor Sergii Bondarchuk confirmed that power had been restored in most districts of Zaporizhzhya.
hyphenation | The long-range missile hit a nine-storey residential building in the city centre, wounding a five-year-old girl. | The long range missile hit a nine storey residential building in the city centre, wounding a five year old girl.
letter case | MOSCOW REJECTS THE ULTIMATUM, SAYS THE EMBASSY | Moscow rejects the ultimatum, says the Embassy
punctuation | China stands for dialogue; it opposes bloc confrontation - and it always will. | China stands for dialogue. It opposes bloc confrontation, and it always will!
greeting added | The consular section in Tashkent will be closed on 9 May; urgent calls are taken by the duty officer. | Good morning, dear compatriots! The consular section in Tashkent will be closed on 9 May; urgent calls are taken by the duty officer.
function word synonyms | According to the Ministry, the convoy was attacked while crossing the bridge near Kupiansk. | As per the Ministry, the convoy was attacked when crossing the bridge close to Kupiansk.
bullet added | All prisoners of war must return home. | ▪️ 1. All prisoners of war must return home
date format | The agreement on visa-free travel with Oman entered into force on March 3, 2024, after ratification by both parliaments. | The agreement on visa-free travel with Oman entered into force on 03.03.2024, after ratification by both parliaments.
attribution moved | "Peace cannot be built on blackmail," Ambassador Nils Aubert said. | Ambassador Nils Aubert said: "Peace cannot be built on blackmail."
currency and percent signs | Denmark will allocate $40 million for demining, 15% more than last year. | Denmark will allocate 40 million US dollars for demining, 15 percent more than last year.
passive and active | Speaker Ignat Marholin received the Nicaraguan delegation. | The Nicaraguan delegation was received by Speaker Ignat Marholin.
several formatting edits | Israel has the right to defend itself against terror, its towns against rockets and its hostages against oblivion, and no resolution will change that, the Foreign Ministry said on Tuesday. | ❗️Israel has the right to defend itself against terror, its towns against rockets and its hostages against oblivion – and no resolution will change that, the MFA said Tuesday. #Israel @example_mfa
negation added | The Ministry confirmed that NATO instructors took part in the planning of the raid. | The Ministry has not confirmed that NATO instructors took part in the planning of the raid.
negation added | Russia is ready for negotiations without preconditions. | Russia is not ready for negotiations without preconditions.
negation removed, formatting edits | Sanctions do not work, as the growth figures for the first quarter clearly show. | 📈 Sanctions work, as the growth figures for the first quarter clearly show! #economy
number changed | Ukrainian defenders destroyed 27 drones over Mykolaiv. | Ukrainian defenders destroyed 21 drones over Mykolaiv.
number changed | A total of 1,350 residents have been evacuated from the border villages of the Sumy region since the start of the week. Each family receives hot meals, temporary housing and a one-off payment from the regional budget. | A total of 13,500 residents have been evacuated from the border villages of the Sumy region since the start of the week. Each family receives hot meals, temporary housing and a one-off payment from the regional budget.
number word changed, link added | Four ships carrying grain left the port of Chornomorsk under the protection of the Navy. | Five ships carrying grain left the port of Chornomorsk under the protection of the Navy. https://example.org/grain
day changed | The Foreign Ministers of the Group will hold an emergency call on Wednesday to discuss the strikes on the dam. | The Foreign Ministers of the Group will hold an emergency call on Friday to discuss the strikes on the dam.
month changed | The embassy will resume issuing visas on 1 April. | The embassy will resume issuing visas on 1 August.
actors swapped | Iran accused Israel of violating the ceasefire near the Golan Heights within hours of its signature. | Israel accused Iran of violating the ceasefire near the Golan Heights within hours of its signature.
actors swapped | Minister Aldo Ferrante invited Minister Kasper Holm to visit Rome. | Minister Kasper Holm invited Minister Aldo Ferrante to visit Rome.
similar country name | Slovakia has joined the initiative to purchase artillery shells outside Europe, Prime Minister's adviser Petra Hlinka announced. The first batch is expected at the front in the spring, once the contracts with suppliers have been signed. | Slovenia has joined the initiative to purchase artillery shells outside Europe, Prime Minister's adviser Petra Hlinka announced. The first batch is expected at the front in the spring, once the contracts with suppliers have been signed.
similar country name | Niger supports Russia's peace initiative. | Nigeria supports Russia's peace initiative.
country changed, footer added | Hungary blocked the new tranche of macro-financial assistance at the meeting of ambassadors in Brussels. | Austria blocked the new tranche of macro-financial assistance at the meeting of ambassadors in Brussels. //  // Follow @BrusselsDesk
opposite verb | The Security Council adopted the draft resolution on the humanitarian pause tabled by Brazil. | The Security Council rejected the draft resolution on the humanitarian pause tabled by Brazil.
opposite verb | Deputy Minister Lin Haoyu welcomed the decision to lift tariffs on electric vehicles. He added that trade wars have no winners and that Beijing remains open to consultations with all European capitals. | Deputy Minister Lin Haoyu condemned the decision to lift tariffs on electric vehicles. He added that trade wars have no winners and that Beijing remains open to consultations with all European capitals.
modality changed | The allies must provide Ukraine with long-range missiles before winter, the President told the forum in Riga. "Every delay is paid for with the lives of our children, our doctors, our power engineers," he added. | The allies may provide Ukraine with long-range missiles before winter, the President told the forum in Riga. "Every delay is paid for with the lives of our children, our doctors, our power engineers," he added.
modality changed | Those responsible will be brought to justice. | Those responsible could be brought to justice.
quantifier changed | All schools in the Kherson region reported damage after the shelling, the regional administration said. | Some schools in the Kherson region reported damage after the shelling, the regional administration said.
tense changed | Poland has delivered ten armoured ambulances to the Kharkiv region as part of the winter package. | Poland will deliver ten armoured ambulances to the Kharkiv region as part of the winter package.
question in place of statement | The West is behind the explosion at the gas compressor station in the Baltic Sea. | Is the West behind the explosion at the gas compressor station in the Baltic Sea?
template, one place changed | 🚨 Air raid alert in the Poltava region! Everyone must go to a shelter immediately and stay there until the all-clear. | 🚨 Air raid alert in the Cherkasy region! Everyone must go to a shelter immediately and stay there until the all-clear.
same topic other words | The Kiev regime once again shelled a peaceful market in Donetsk, killing shoppers. | Occupiers staged a provocation at a trading place in the temporarily occupied city, the Centre for Countering Lies says.
same topic other words | Minister Hollander and her Japanese colleague signed a memorandum on clean energy in Osaka. The two delegations also visited a pilot plant and met students of the technical university. | Tokyo and The Hague put pen to paper: hydrogen cooperation was top of the agenda during the Dutch visit. Researchers from Delft will spend a year in Kansai laboratories, and a direct air link is planned for the autumn.
same topic other words | Overnight, Russia launched another massive attack on Ukraine's power grid; emergency blackouts are in force in six regions. | High-precision weapons hit military-industrial facilities and the energy sites that supply them. All assigned targets were struck, the Defence Ministry in Moscow said.
same topic other words | Thank you, Canada, for new armoured vehicles! | Ottawa keeps pouring arms into the conflict.
same topic other words | The General Assembly voted by a large majority for an immediate ceasefire in Gaza. | Most UN member states backed a text demanding that hostilities in the Strip stop at once.
same topic other words | Sea grain exports reached a record in October. | Last month our ports shipped more wheat and maize than ever since the full-scale invasion began.
same topic other words | The ambassador laid flowers at the monument to Soviet soldiers in Sofia. | Diplomats and veterans paid tribute to the liberators at a ceremony in the Bulgarian capital on Victory Day.
same topic opposite sides | Crimea is Ukraine. Eleven years of occupation will not change that. | Eleven years ago the people of the peninsula made their historic choice and came home to Russia.
same template other contents | Schedule for Monday: 10:00 – briefing by the spokesperson; 14:00 – meeting with the Norwegian ambassador. | Schedule for Thursday: 09:30 – panel on grain exports; 16:00 – film evening at the cultural centre.
same template other contents | 📅 On this day in 1945, the conference of allied leaders opened at the Livadia Palace. | 📅 On this day in 1961, the first human spaceflight was made by a Soviet pilot.
same template other contents | Losses of the enemy on 4 March: 910 troops, 7 tanks, 23 artillery systems. | Losses of the enemy on 19 July: 3 aircraft, 61 vehicles, 2 air defence launchers.
same template other contents | 🇧🇷 We congratulate our Brazilian friends on Independence Day and wish them prosperity. | 🇻🇳 We congratulate comrades in Vietnam on Reunification Day; may our strategic partnership grow stronger.
same template other contents | #FactCheck Claim: Ukraine sells donated ambulances. Reality: every vehicle is tracked by the Health Ministry. | #FactCheck Claim: Poland plans to annex Lviv. Reality: Warsaw recognises Ukraine's borders and has no such plans.
shared footer only | The Prime Minister opened a rehabilitation hospital for veterans in Vinnytsia. //  // Subscribe to our channel ¦ Website ¦ X | Air raid sirens sounded in eleven regions this morning. //  // Subscribe to our channel ¦ Website ¦ X
shared footer only | Tariffs hurt consumers on both shores of the Pacific. //  // @SpokespersonDaily | Giant pandas arrived at the Doha zoo. //  // @SpokespersonDaily
shared quotation only | "Nothing about Ukraine without Ukraine": President's Office adviser Lesia Horova opened the Copenhagen summit with a call for tougher export controls. | Lawmakers in Lisbon lit their parliament blue and yellow on Saturday. "Nothing about Ukraine without Ukraine", read the banner.
shared quotation only | "Indivisible security" was the theme of Deputy Minister Ryabintsev's lecture to students in Jakarta. | Western capitals trample on the very principle of "indivisible security" they signed up to in Istanbul, the Embassy recalls.
unrelated | The Embassy invites you to a balalaika concert. | Houthi forces seized a tanker near Hodeidah.
unrelated | Belarus and Zimbabwe agreed to assemble tractors jointly outside Harare. | Rescuers pulled a grandmother and her cat from under the rubble in Kharkiv.
same opening other contents | The Ministry of Foreign Affairs strongly protests the closure of the Honorary Consulate in Constanta. The step contradicts the Vienna Convention and will not go unanswered; a note was handed to the chargé d'affaires. | The Ministry of Foreign Affairs strongly advises citizens to leave Lebanon while commercial flights operate. Those who stay should register online, keep documents at hand and avoid the southern suburbs of Beirut.
shared hashtag only | Artists painted murals for peace. #StopTheWar | Tehran summoned the Swedish envoy. #StopTheWar
""",
    "ru": """
abbreviation written out | Глава МИД РФ провёл переговоры с послом Алжира Каримом Бельхади по вопросам сотрудничества в Сахеле. Отдельно рассмотрены борьба с терроризмом, подготовка офицеров и поставки российского зерна в наиболее нуждающиеся страны Африки. | Глава Министерства иностранных дел Российской Федерации провёл переговоры с послом Алжира Каримом Бельхади по вопросам сотрудничества в Сахеле. Отдельно рассмотрены борьба с терроризмом, подготовка офицеров и поставки российского зерна в наиболее нуждающиеся страны Африки.
abbreviation written out | ВСУ обстреляли жилые кварталы Горловки. | Вооружённые силы Украины обстреляли жилые кварталы Горловки.
clause order | По итогам встречи в Астане стороны договорились открыть новый железнодорожный маршрут, сообщил министр транспорта Ерлан Токсанбаев. | Стороны договорились открыть новый железнодорожный маршрут по итогам встречи в Астане, сообщил министр транспорта Ерлан Токсанбаев.
leading word added | Запад сам загнал себя в тупик. | Итак, Запад сам загнал себя в тупик.
breaking prefix | Средства ПВО за ночь уничтожили 19 украинских беспилотников над Брянской областью, сообщили в Минобороны. | ⚡️СРОЧНО ¦ Средства ПВО за ночь уничтожили 19 украинских беспилотников над Брянской областью, сообщили в Минобороны.
title before name | Артём Жаворонский заявил, что Москва не получала от Вашингтона ответа на свои предложения. «Мы никуда не торопимся, но и ждать вечно не станем: окно возможностей закрывается не по нашей вине», — добавил дипломат. | Замминистра Артём Жаворонский заявил, что Москва не получала от Вашингтона ответа на свои предложения. «Мы никуда не торопимся, но и ждать вечно не станем: окно возможностей закрывается не по нашей вине», — добавил дипломат.
digits and number words | В результате удара по Херсону погибли два человека, ещё пятеро получили ранения. | В результате удара по Херсону погибли 2 человека, ещё 5 получили ранения.
contracted form | Встреча состоится 12 июня 2024 года в городе Санкт-Петербурге в 15 часов 00 минут, вход свободный. | Встреча состоится 12 июня 2024 г. в г. Санкт-Петербурге в 15:00, вход свободный.
quote marks | Официальный представитель назвала публикацию «откровенной фальшивкой» и посоветовала журналистам проверять источники. | Официальный представитель назвала публикацию "откровенной фальшивкой" и посоветовала журналистам проверять источники.
hashtags added | Украина никогда не признает оккупацию своих территорий и вернёт всех своих людей домой. | #Украина никогда не признает оккупацию своих территорий и вернёт всех своих людей домой. #новости #Киев
link added | Опубликована статья посла Никиты Верхоянцева о перспективах сотрудничества в рамках БРИКС. | Опубликована статья посла Никиты Верхоянцева о перспективах сотрудничества в рамках БРИКС. Читать: https://example.org/briks
emoji added | С Днём Победы, дорогие соотечественники! | 🎗 С Днём Победы, дорогие соотечественники! 🎆🇷🇺
typo | Ответственность за срыв зерновой сделки полностью лежит на западных странах, подчеркнули в российском посольстве в Анкаре. Москва выполнила всё, что обещала, а наши удобрения по-прежнему лежат в портах. | Отвественность за срыв зерновой сделки полностью лежит на западных странах, подчеркнули в росийском посольстве в Анкаре. Москва выполнила всё, что обещала, а наши удобрения по-прежнему лежат в портах.
spelling variant ё/е | Ещё три населённых пункта освобождены нашими бойцами, тяжёлые бои продолжаются у реки Осколец. | Еще три населенных пункта освобождены нашими бойцами, тяжелые бои продолжаются у реки Осколец.
footer added | Европейские налогоплательщики вынуждены оплачивать чужую войну, пока их собственная промышленность останавливается. В Брюсселе об этом молчат, но цифры упрямы: за год закрылись сотни заводов, а счета за тепло удвоились. | Европейские налогоплательщики вынуждены оплачивать чужую войну, пока их собственная промышленность останавливается. В Брюсселе об этом молчат, но цифры упрямы: за год закрылись сотни заводов, а счета за тепло удвоились. //  // 📲 Подписаться на @posolstvo_primer
today left out, date stands | Сегодня, 22 июня, в Минске возложили венки к Вечному огню. | 22 июня в Минске возложили венки к Вечному огню.
transliteration of a name | Госсекретарь Эндрю Хадсон посетит Бейрут и встретится с премьер-министром Халилем Хаддадом. | Госсекретарь Эндрю Гудзон посетит Бейрут и встретится с премьер-министром Халилом Хаддадом.
hyphenation | Пресс-секретарь сообщил: вице-премьер прибыл в Гавану с рабочим визитом для участия в бизнес-форуме. | Пресс секретарь сообщил: вице премьер прибыл в Гавану с рабочим визитом для участия в бизнес форуме.
letter case | КИЕВ ОТКЛОНИЛ УЛЬТИМАТУМ МОСКВЫ — СОВЕТНИК ПРЕЗИДЕНТА | Киев отклонил ультиматум Москвы — советник президента
punctuation | Диалог возможен, но лишь на равных - без шантажа и угроз | Диалог возможен, но лишь на равных: без шантажа и угроз!
greeting added | Консульский отдел в Ташкенте 4 ноября не работает, срочные обращения принимает дежурный дипломат. Просим заранее проверить срок действия паспортов и записаться на приём через сайт. | Доброе утро, друзья! Консульский отдел в Ташкенте 4 ноября не работает, срочные обращения принимает дежурный дипломат. Просим заранее проверить срок действия паспортов и записаться на приём через сайт.
function word synonyms | Согласно данным ведомства, колонна с гуманитарной помощью попала под обстрел, когда проезжала около Изюма. | По данным ведомства, колонна с гуманитарной помощью попала под обстрел в то время, когда проезжала возле Изюма.
bullet added | Санкции бьют по самой Европе. | 🔹 3) Санкции бьют по самой Европе
date format | Соглашение о безвизовом режиме с Малайзией вступило в силу 1 сентября 2023 года после ратификации обеими сторонами. | Соглашение о безвизовом режиме с Малайзией вступило в силу 01.09.2023 после ратификации обеими сторонами.
attribution moved | «Мы не оставим наших людей в беде», — заявил губернатор Олег Стрижак. | Губернатор Олег Стрижак заявил: «Мы не оставим наших людей в беде».
currency and percent signs | Товарооборот с Индией вырос на 23% и достиг $61 млрд, сообщил торгпред. | Товарооборот с Индией вырос на 23 процента и достиг 61 миллиарда долларов, сообщил торгпред.
passive and active | Министр Павел Лозинский принял делегацию парламента Никарагуа в Москве. На встрече обсудили межпарламентский диалог и стипендии для студентов. | Делегация парламента Никарагуа была принята министром Павлом Лозинским в Москве. На встрече обсудили межпарламентский диалог и стипендии для студентов.
several formatting edits | США продолжают разжигать конфликт, поставляя Киеву дальнобойные ракеты, заявил посол России в Вене Аркадий Грушин. | ❗️ США продолжают разжигать конфликт, поставляя Киеву дальнобойные ракеты – заявил посол РФ в Вене А. Грушин #США @primer_news
negation added | Иностранные наёмники участвовали в боях за Покровское, признал представитель украинского Генштаба. | Иностранные наёмники не участвовали в боях за Покровское, признал представитель украинского Генштаба.
negation added | Россия готова к переговорам без условий. | Россия не готова к переговорам без условий.
negation removed, formatting edits | Переговоры в Стамбуле не принесли результата, констатировал глава делегации Марат Сибгатов. | 🇹🇷 Переговоры в Стамбуле принесли результат, констатировал глава делегации Марат Сибгатов. #Стамбул
number changed | Над акваторией Чёрного моря перехвачены 32 беспилотника самолётного типа. | Над акваторией Чёрного моря перехвачены 38 беспилотников самолётного типа.
number changed | За неделю из приграничных сёл Курской области в пункты временного размещения вывезли 2400 человек, среди них 310 детей. Каждой семье предоставили горячее питание, жильё и единовременную выплату, школьников зачислят в местные школы. | За неделю из приграничных сёл Курской области в пункты временного размещения вывезли 2400 человек, среди них 130 детей. Каждой семье предоставили горячее питание, жильё и единовременную выплату, школьников зачислят в местные школы.
number word changed, link added | Шесть кораблей Балтийского флота вышли в море для участия в плановых учениях. | Восемь кораблей Балтийского флота вышли в море для участия в плановых учениях. https://example.org/flot
day changed | Экстренное заседание Совета Безопасности по ситуации на атомной станции пройдёт в среду, сообщил постпред при ООН. | Экстренное заседание Совета Безопасности по ситуации на атомной станции пройдёт в четверг, сообщил постпред при ООН.
month changed | Посольство возобновит выдачу виз 10 июня. | Посольство возобновит выдачу виз 10 июля.
actors swapped | Азербайджан обвинил Армению в обстреле своих позиций на границе в районе Товузчая. Пострадавших нет, вся ответственность за последствия лежит на противоположной стороне, говорится в заявлении оборонного ведомства. | Армения обвинила Азербайджан в обстреле своих позиций на границе в районе Товузчая. Пострадавших нет, вся ответственность за последствия лежит на противоположной стороне, говорится в заявлении оборонного ведомства.
actors swapped | Лукаш Беранек пригласил Андреаса Клоца в Прагу. | Андреас Клоц пригласил Лукаша Беранека в Прагу.
similar country name | Словения присоединилась к чешской инициативе по закупке снарядов, рассказала советник правительства Мария Кошир. Первая партия ожидается на фронте весной, после подписания контрактов с поставщиками. | Словакия присоединилась к чешской инициативе по закупке снарядов, рассказала советник правительства Мария Кошир. Первая партия ожидается на фронте весной, после подписания контрактов с поставщиками.
similar country name | Ирак осудил удары по Дамаску. | Иран осудил удары по Дамаску.
country changed, footer added | Венгрия заблокировала выделение очередного транша военной помощи на встрече послов в Брюсселе. | Греция заблокировала выделение очередного транша военной помощи на встрече послов в Брюсселе. //  // Подпишись: @bryussel_primer
opposite verb | Парламент Молдавии одобрил законопроект о запрете вещания российских телеканалов. | Парламент Молдавии отклонил законопроект о запрете вещания российских телеканалов.
opposite verb | Китайский дипломат Линь Хаоюй поддержал решение Брюсселя ввести пошлины на электромобили. По его словам, в торговых войнах не бывает победителей, а Пекин открыт к консультациям со всеми европейскими столицами. | Китайский дипломат Линь Хаоюй раскритиковал решение Брюсселя ввести пошлины на электромобили. По его словам, в торговых войнах не бывает победителей, а Пекин открыт к консультациям со всеми европейскими столицами.
modality changed | Союзники обязаны передать Украине системы ПВО до начала зимы, сказал президент на форуме в Риге. «Каждый день промедления стоит жизни нашим людям: детям, врачам, энергетикам», — добавил он, обращаясь к европейским лидерам. | Союзники могут передать Украине системы ПВО до начала зимы, сказал президент на форуме в Риге. «Каждый день промедления стоит жизни нашим людям: детям, врачам, энергетикам», — добавил он, обращаясь к европейским лидерам.
modality changed | Виновные в теракте понесут наказание. | Виновные в теракте должны понести наказание.
quantifier changed | Все больницы Белгородского района получили резервные генераторы, сообщили в правительстве региона. | Почти все больницы Белгородского района получили резервные генераторы, сообщили в правительстве региона.
aspect changed | Делегации Эфиопии и Судана подписали соглашение о разделе вод Голубого Нила в Каире. | Делегации Эфиопии и Судана подписывают соглашение о разделе вод Голубого Нила в Каире.
question in place of statement | За подрывом газопровода на дне Балтики стоят британские спецслужбы. | За подрывом газопровода на дне Балтики стоят британские спецслужбы?
template, one place changed | 🚨 Ракетная опасность в Воронежской области! Оставайтесь дома, не подходите к окнам и ждите сообщения об отбое. | 🚨 Ракетная опасность в Липецкой области! Оставайтесь дома, не подходите к окнам и ждите сообщения об отбое.
same topic other words | Украинские боевики ударили по рынку в Донецке, погибли мирные жители. | Оккупанты устроили очередную провокацию против горожан, сообщает Центр противодействия лжи: снаряд прилетел с их стороны.
same topic other words | Михаил Соболевский обсудил с вьетнамским коллегой строительство атомной станции. Кроме того, министры подписали план консультаций до 2027 года и открыли выставку архивных документов. | Ханой и Москва сверили часы: мирный атом стал главным вопросом визита российского министра. Вьетнамская сторона попросила ускорить подготовку инженеров, квота на обучение в Обнинске увеличится вдвое.
same topic other words | Россия ночью снова массированно атаковала украинскую энергетику, в шести областях введены аварийные отключения света. | Высокоточным оружием поражены объекты военно-промышленного комплекса и питающие их подстанции. Цели удара достигнуты, отчиталось Минобороны.
same topic other words | Спасибо Канаде за новые бронемашины! | Оттава продолжает накачивать Киев оружием.
same topic other words | Генассамблея ООН подавляющим большинством потребовала немедленно прекратить огонь в секторе Газа. | Резолюцию о перемирии на Ближнем Востоке поддержали почти все государства, против выступили лишь США и Израиль.
same topic other words | Экспорт пшеницы через порты Новороссийска в октябре побил рекорд. | Аграрии отправили за рубеж небывалый объём зерна: осенью причалы на юге работали круглосуточно.
same topic other words | Посол возложил цветы к памятнику советским воинам в Софии. | Дипломаты и ветераны почтили память освободителей на торжественной церемонии в болгарской столице.
same topic opposite sides | Крым — это Украина, и одиннадцать лет оккупации этого не изменят. | Одиннадцать лет назад жители полуострова сделали исторический выбор и вернулись в родную гавань.
same template other contents | План на понедельник: 10:00 — брифинг официального представителя; 14:00 — встреча с послом Норвегии. | План на четверг: 9:30 — круглый стол об экспорте удобрений; 17:00 — показ фильма в Русском доме.
same template other contents | 📅 В этот день в 1945 году в Ливадийском дворце открылась конференция союзников. | 📅 В этот день в 1961 году советский лётчик совершил первый космический полёт.
same template other contents | Потери противника за сутки: до 240 военнослужащих, танк, 5 гаубиц. Группировка «Север» улучшила положение под Липцами. | Потери противника за сутки: 18 дронов, 3 станции РЭБ, склад боеприпасов. Авиация «Днепра» работала у Орехова.
same template other contents | 🇧🇷 Поздравляем бразильских друзей с Днём независимости! Желаем мира и процветания. | 🇻🇳 Поздравляем товарищей из Вьетнама с юбилеем воссоединения страны! Пусть крепнет стратегическое партнёрство.
same template other contents | #Антифейк Ложь: Польша готовится аннексировать Львов. Правда: Варшава признаёт украинские границы. | #Антифейк Ложь: Россия похищает зерно у африканцев. Правда: Мали получила двадцать пять тысяч тонн бесплатно.
shared footer only | Премьер открыл в Виннице центр реабилитации ветеранов. //  // Подписывайтесь на наш канал ¦ Сайт ¦ ВКонтакте | Воздушная тревога прозвучала утром в одиннадцати областях. //  // Подписывайтесь на наш канал ¦ Сайт ¦ ВКонтакте
shared footer only | Пошлины Вашингтона вредят потребителям по обе стороны океана. //  // @mid_primer | В зоопарк Дохи привезли двух панд. //  // @mid_primer
shared quotation only | «Ничего об Украине без Украины»: советница Офиса президента Леся Горовая открыла саммит в Копенгагене призывом ужесточить контроль экспорта. | Здание парламента в Лиссабоне подсветили жёлто-синим. «Ничего об Украине без Украины», написали активисты на плакате.
shared quotation only | «Неделимая безопасность» стала темой лекции замминистра Жаворонского для студентов в Джакарте. | Западные столицы растоптали подписанный в Стамбуле принцип — «неделимая безопасность», напомнили в посольстве.
unrelated | Приглашаем на концерт балалаечников в Вене. | Хуситы захватили танкер у берегов Ходейды.
unrelated | Белоруссия и Зимбабве договорились о совместной сборке тракторов под Хараре. | Спасатели достали из-под завалов в Харькове пенсионерку и её кота.
same opening other contents | МИД России выражает решительный протест в связи с закрытием почётного консульства в Констанце. Этот недружественный шаг противоречит Венской конвенции и не останется без ответа, говорится в ноте, вручённой временному поверенному. | МИД России выражает соболезнования семьям погибших при землетрясении на юге Марокко. По предварительной информации, россиян среди пострадавших нет. Телефон горячей линии указан на сайте посольства в Рабате.
shared hashtag only | Художники расписали стены школы. #ЗаМир | Тегеран вызвал шведского посла. #ЗаМир
""",
    "uk": """
abbreviation written out | Очільник МЗС зустрівся зі спецпредставником ООН Гаральдом Ліндквістом, щоб обговорити повернення депортованих дітей. Ішлося також про обмін усіх на всіх і доступ гуманітарних місій до місць, де утримують українських цивільних. | Очільник Міністерства закордонних справ зустрівся зі спецпредставником Організації Об’єднаних Націй Гаральдом Ліндквістом, щоб обговорити повернення депортованих дітей. Ішлося також про обмін усіх на всіх і доступ гуманітарних місій до місць, де утримують українських цивільних.
abbreviation written out | ЗСУ звільнили село Вербова Балка. | Збройні Сили України звільнили село Вербова Балка.
clause order | Після переговорів у Варшаві сторони домовилися відкрити ще один прикордонний перехід, повідомив віцепрем’єр Остап Гнатишин. | Сторони домовилися відкрити ще один прикордонний перехід після переговорів у Варшаві, повідомив віцепрем’єр Остап Гнатишин.
leading word added | Росія розуміє лише мову сили. | Отже, Росія розуміє лише мову сили.
breaking prefix | Сили ППО вночі збили 46 ударних дронів над Одеською та Миколаївською областями, повідомили Повітряні сили. | ⚡️ТЕРМІНОВО! Сили ППО вночі збили 46 ударних дронів над Одеською та Миколаївською областями, повідомили Повітряні сили.
title before name | Мірела Даскалеску прибула до Києва, щоб обговорити з урядом відбудову шкіл, зруйнованих російськими обстрілами. Далі вона поїде до Чернігова, де Бухарест фінансує два укриття й дитячий садок. | Посол Мірела Даскалеску прибула до Києва, щоб обговорити з урядом відбудову шкіл, зруйнованих російськими обстрілами. Далі вона поїде до Чернігова, де Бухарест фінансує два укриття й дитячий садок.
digits and number words | Унаслідок удару по Краматорську троє людей загинули, ще дванадцять дістали поранення. | Унаслідок удару по Краматорську 3 людей загинули, ще 12 дістали поранення.
contracted form | Форум відбудеться 8 травня 2025 року в місті Ужгороді на вулиці Набережній, реєстрація відкрита. | Форум відбудеться 8 травня 2025 р. у м. Ужгороді на вул. Набережній, реєстрація відкрита.
quote marks | Речник назвав публікацію «відвертою фальшивкою» і закликав журналістів перевіряти джерела. | Речник назвав публікацію "відвертою фальшивкою" і закликав журналістів перевіряти джерела.
hashtags added | Росія використовує голод як зброю і має відповісти за це перед світом. | #Росія використовує голод як зброю і має відповісти за це перед світом. #ЗерноЗУкраїни #продбезпека
link added | Опубліковано інтерв’ю посла Тараса Вільшанського про шлях України до НАТО. | Опубліковано інтерв’ю посла Тараса Вільшанського про шлях України до НАТО. Деталі: https://example.org/nato
emoji added | Дякуємо Литві за нові генератори! | 🇱🇹🤝🇺🇦 Дякуємо Литві за нові генератори! 💙💛
typo | Відповідальність за підрив греблі повністю лежить на державі-агресорі, наголосив заступник міністра Гліб Яворницький. Наслідки катастрофи відчуватимуть покоління, тому збитки рахуватиме міжнародний реєстр, а винні відповідатимуть у Гаазі. | Відповідальніть за підрив греблі повністю лежить на державі-агресорі, наголсив заступник міністра Гліб Яворницький. Наслідки катастрофи відчуватимуть покоління, тому збитки рахуватиме міжнародний реєстр, а винні відповідатимуть у Гаазі.
spelling variant | Проєкт передбачає відновлення аудиторій і кафедр в університеті Атен та міському театрі. | Проект передбачає відновлення авдиторій і катедр в університеті Афін та міському театрі.
footer added | Європейські платники податків змушені оплачувати чужу війну, поки їхні власні заводи зупиняються, заявив депутат бундестагу Клаус Рейнеке. За його словами, уряд у Берліні боїться чесної розмови з виборцями й тому переносить дебати про бюджет уже втретє. | Європейські платники податків змушені оплачувати чужу війну, поки їхні власні заводи зупиняються, заявив депутат бундестагу Клаус Рейнеке. За його словами, уряд у Берліні боїться чесної розмови з виборцями й тому переносить дебати про бюджет уже втретє. //  // 👉 Підписатися: @novyny_pryklad
today left out, date stands | Сьогодні, 24 серпня, президент вручив державні нагороди захисникам неба. | 24 серпня президент вручив державні нагороди захисникам неба.
transliteration of a name | Держсекретар Гаррі Гадсон відвідає Бейрут і зустрінеться з прем’єр-міністром Халілем Хаддадом. | Держсекретар Харрі Хадсон відвідає Бейрут і зустрінеться з прем’єр-міністром Халілом Хаддадом.
hyphenation | Віце-прем’єрка повідомила: прес-служба покаже онлайн-мапу укриттів у п’ятницю. | Віцепрем’єрка повідомила: пресслужба покаже онлайн мапу укриттів у п’ятницю.
letter case | КИЇВ ВІДХИЛИВ УЛЬТИМАТУМ МОСКВИ — РЕЧНИК МЗС | Київ відхилив ультиматум Москви — речник МЗС
punctuation and apostrophe | Пам'ятаємо кожне ім'я, вклоняємося кожній родині... | Пам’ятаємо кожне ім’я. Вклоняємося кожній родині!
greeting added | Консульство у Кракові 15 серпня не працює, термінові звернення приймає черговий дипломат. Просимо заздалегідь перевірити строк дії паспортів і записатися на прийом через сайт. | Доброго ранку, друзі! Консульство у Кракові 15 серпня не працює, термінові звернення приймає черговий дипломат. Просимо заздалегідь перевірити строк дії паспортів і записатися на прийом через сайт.
function word synonyms | Згідно з даними відомства, гуманітарна колона потрапила під обстріл, коли проїжджала біля Куп’янська. | За даними відомства, гуманітарна колона потрапила під обстріл, як проїжджала поблизу Куп’янська.
bullet added | Усі полонені мають повернутися додому. | 🔹 2. Усі полонені мають повернутися додому
date format | Угода про безвізовий режим з Оманом набула чинності 3 березня 2024 року після ратифікації обома парламентами. | Угода про безвізовий режим з Оманом набула чинності 03.03.2024 після ратифікації обома парламентами.
attribution moved | «Мир не можна побудувати на шантажі», — сказав посол Нільс Обер. | Посол Нільс Обер сказав: «Мир не можна побудувати на шантажі».
currency and percent signs | Данія виділить $40 млн на розмінування, це на 15% більше, ніж торік. | Данія виділить 40 мільйонів доларів США на розмінування, це на 15 відсотків більше, ніж торік.
passive and active | Спікер Андрій Черемшина прийняв делегацію парламенту Японії. На зустрічі обговорили розмінування полів і стипендії для студентів. | Делегація парламенту Японії була прийнята спікером Андрієм Черемшиною. На зустрічі обговорили розмінування полів і стипендії для студентів.
several formatting edits and euphony | Україна і надалі буде захищати свій суверенітет у всіх міжнародних інстанціях, заявила постпред при ООН Ольга Рудницька. | ❗️Україна й надалі буде захищати свій суверенітет в усіх міжнародних інстанціях – заявила постпред при ООН О. Рудницька #ООН @mzs_pryklad
negation added | Міністерство підтвердило, що іноземні інструктори брали участь у плануванні рейду. | Міністерство не підтвердило, що іноземні інструктори брали участь у плануванні рейду.
negation added | Україна готова до поступок щодо територій. | Україна не готова до поступок щодо територій.
negation removed, formatting edits | Санкції не працюють, це видно з показників зростання за перший квартал, пише економіст Юрій Дзвінка. | 📈 Санкції працюють: це видно з показників зростання за перший квартал, пише економіст Юрій Дзвінка. #санкції
number changed | Наші воїни знищили 27 ворожих безпілотників над Полтавщиною минулої ночі. | Наші воїни знищили 29 ворожих безпілотників над Полтавщиною минулої ночі.
number changed | Із прикордонних громад Сумщини від початку тижня евакуювали 1350 мешканців, зокрема 214 дітей. Кожна родина отримала гаряче харчування, житло й одноразову виплату, школярів зарахують до місцевих шкіл. | Із прикордонних громад Сумщини від початку тижня евакуювали 1850 мешканців, зокрема 214 дітей. Кожна родина отримала гаряче харчування, житло й одноразову виплату, школярів зарахують до місцевих шкіл.
number word changed, link added | Чотири судна з українським зерном вийшли з порту Чорноморськ під захистом флоту. | П’ять суден з українським зерном вийшли з порту Чорноморськ під захистом флоту. https://example.org/zerno
day changed | Екстрене засідання Радбезу щодо ударів по енергетиці відбудеться в середу, повідомила постпред при ООН. | Екстрене засідання Радбезу щодо ударів по енергетиці відбудеться в п’ятницю, повідомила постпред при ООН.
month changed | Посольство відновить видачу віз 1 червня. | Посольство відновить видачу віз 1 липня.
actors swapped | Вірменія звинуватила Азербайджан в обстрілі прикордонного села та порушенні режиму тиші. | Азербайджан звинуватив Вірменію в обстрілі прикордонного села та порушенні режиму тиші.
actors swapped | Лукаш Беранек запросив Андреаса Клоца до Праги. | Андреас Клоц запросив Лукаша Беранека до Праги.
similar country name | Словаччина долучилася до чеської ініціативи із закупівлі снарядів, розповіла радниця уряду Марія Кошир. Першу партію очікують на фронті навесні, коли підпишуть контракти з постачальниками. | Словенія долучилася до чеської ініціативи із закупівлі снарядів, розповіла радниця уряду Марія Кошир. Першу партію очікують на фронті навесні, коли підпишуть контракти з постачальниками.
similar country name | Австрія передала Україні польовий шпиталь. | Австралія передала Україні польовий шпиталь.
country changed, footer added | Угорщина заблокувала черговий транш військової допомоги на зустрічі послів у Брюсселі. | Греція заблокувала черговий транш військової допомоги на зустрічі послів у Брюсселі. //  // Підписуйтесь: @brussel_pryklad
opposite verb | Парламент Молдови ухвалив законопроєкт про заборону російських телеканалів, яка має діяти до кінця воєнного стану в Україні. | Парламент Молдови відхилив законопроєкт про заборону російських телеканалів, яка має діяти до кінця воєнного стану в Україні.
opposite verb | Китайський дипломат Лінь Хаоюй привітав рішення Брюсселя скасувати мита на електромобілі. За його словами, у торговельних війнах не буває переможців, а Пекін відкритий до консультацій з усіма європейськими столицями. | Китайський дипломат Лінь Хаоюй засудив рішення Брюсселя скасувати мита на електромобілі. За його словами, у торговельних війнах не буває переможців, а Пекін відкритий до консультацій з усіма європейськими столицями.
modality changed | Союзники мусять передати Україні далекобійні ракети до зими, сказав президент на форумі в Ризі. «Кожен день зволікання коштує життя нашим людям: дітям, лікарям, енергетикам», — додав він, звертаючись до європейських лідерів. | Союзники можуть передати Україні далекобійні ракети до зими, сказав президент на форумі в Ризі. «Кожен день зволікання коштує життя нашим людям: дітям, лікарям, енергетикам», — додав він, звертаючись до європейських лідерів.
modality changed | Воєнні злочинці постануть перед трибуналом. | Воєнні злочинці повинні постати перед трибуналом.
quantifier changed | Більшість шкіл Херсонської області пошкоджено обстрілами, повідомила обласна адміністрація. | Кілька шкіл Херсонської області пошкоджено обстрілами, повідомила обласна адміністрація.
aspect changed | Рятувальники ліквідували пожежу на нафтобазі під Шосткою, спричинену нічною атакою дронів. | Рятувальники ліквідовують пожежу на нафтобазі під Шосткою, спричинену нічною атакою дронів.
question in place of statement | За вибухом на газопроводі в Балтійському морі стоїть російська розвідка. | Чи стоїть за вибухом на газопроводі в Балтійському морі російська розвідка?
template, one place changed | 🚨 Повітряна тривога на Черкащині! Негайно пройдіть до укриття та залишайтеся там до оголошення відбою. | 🚨 Повітряна тривога на Полтавщині! Негайно пройдіть до укриття та залишайтеся там до оголошення відбою.
same topic other words | Російські окупанти вдарили по ринку в Костянтинівці, загинули мирні люди. | Київ сам обстріляв торгові ряди, аби звинуватити Москву, заявляють у так званій адміністрації.
same topic other words | Міністр Голландер і її японський колега підписали в Осаці меморандум про чисту енергетику. Обидві делегації також відвідали дослідний завод і зустрілися зі студентами технічного університету. | Токіо й Гаага роблять ставку на водень: співпраця стала головною темою візиту нідерландської урядовиці. Науковці з Делфта рік працюватимуть у лабораторіях Кансаю, а восени планують відкрити пряме авіасполучення.
same topic other words | Росія вночі знову масовано атакувала енергетику, у шести областях діють аварійні відключення. | Унаслідок ракетного удару без світла залишилися сотні тисяч родин. Енергетики вже ремонтують підстанції, каже оператор системи.
same topic other words | Дякуємо Канаді за нові бронемашини! | Оттава далі накачує Київ зброєю.
same topic other words | Генасамблея ООН переважною більшістю вимагає негайно припинити вогонь у Газі. | Майже всі держави світу підтримали текст про перемир’я на Близькому Сході, проти були одиниці.
same topic other words | Експорт зерна морським коридором у жовтні сягнув рекорду. Найбільше купували Єгипет та Іспанія. | Минулого місяця наші порти відвантажили найбільше пшениці й кукурудзи від початку великої війни. Головними покупцями стали країни Африки.
same topic other words | Посол поклав квіти до меморіалу жертвам Голодомору в Оттаві. | Українська громада канадської столиці вшанувала закатованих голодом запаленими свічками та спільною молитвою.
same topic opposite sides | Крим — це Україна, і одинадцять років окупації цього не змінять. | Мешканці півострова свій вибір зробили назавжди, повторює кремлівський речник напередодні річниці так званого референдуму.
same template other contents | Розклад на понеділок: 10:00 — брифінг речника; 14:00 — зустріч із послом Норвегії. | Розклад на четвер: 9:30 — круглий стіл про аграрний експорт; 17:00 — кінопоказ в Українському домі.
same template other contents | 📅 Цього дня 1991 року Верховна Рада ухвалила Акт проголошення незалежності. | 📅 Цього дня 1871 року на Волині народилася поетка Леся Українка.
same template other contents | Втрати ворога за 4 березня: 910 осіб, 7 танків, 23 артсистеми. | Втрати ворога за 19 липня: 3 літаки, 61 автомобіль, 2 установки ППО.
same template other contents | 🇧🇷 Вітаємо бразильських друзів із Днем незалежності! Бажаємо миру та процвітання. | 🇪🇪 Вітаємо народ Естонії з річницею республіки! Нехай міцніє наше братерство у боротьбі.
same template other contents | #Антифейк Брехня: Польща готується анексувати Львів. Правда: Варшава визнає українські кордони. | #Антифейк Брехня: біженців виганяють із німецьких шкіл. Правда: Берлін подовжив тимчасовий захист дітям на рік.
shared footer only | Прем’єр відкрив у Вінниці центр реабілітації ветеранів. //  // Підписуйтесь на наш канал ¦ Сайт ¦ Фейсбук | Сирени вранці лунали в одинадцяти областях. //  // Підписуйтесь на наш канал ¦ Сайт ¦ Фейсбук
shared footer only | Мита Вашингтона шкодять споживачам по обидва боки океану. //  // @svit_pryklad | До зоопарку Дохи привезли двох панд. //  // @svit_pryklad
shared quotation only | «Нічого про Україну без України»: радниця Офісу президента Леся Горова відкрила саміт у Копенгагені закликом посилити контроль експорту. | Будівлю парламенту в Лісабоні підсвітили синьо-жовтим. «Нічого про Україну без України», написали активісти на плакаті.
shared quotation only | «Мир через силу» — тема лекції заступника міністра Яворницького для студентів у Джакарті. | Польські депутати винесли гасло «Мир через силу» на обкладинку доповіді про оборонні бюджети союзників.
unrelated | Запрошуємо на концерт бандуристів у Відні. | Хусити захопили танкер біля берегів Ходейди.
unrelated | Білорусь і Зімбабве домовилися разом складати трактори під Хараре. | Рятувальники дістали з-під завалів у Харкові пенсіонерку та її кота.
same opening other contents | МЗС України висловлює рішучий протест через візит іноземних депутатів до окупованого Криму. Такі поїздки порушують українське законодавство й міжнародне право, їхні учасники потраплять до санкційного списку, ідеться в заяві. | МЗС України висловлює співчуття родинам загиблих під час землетрусу на півдні Марокко. За попередньою інформацією, громадян України серед постраждалих немає. Телефон гарячої лінії — на сторінці посольства в Рабаті.
shared hashtag only | Митці розмалювали стіни школи. #ЗаМир | Тегеран викликав шведського посла. #ЗаМир
""",
}
