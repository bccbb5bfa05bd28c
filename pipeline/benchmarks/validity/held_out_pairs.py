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
