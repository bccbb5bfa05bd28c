"""Calls that channels write below their posts: to subscribe, follow, join, read the rest, send news.

In the languages that posts are identified in. A line is a call if every part of it, between "|" and the like, is one from
its first word to its last: what says anything else is a sentence. Links, tags and user names in it do not count.
"""

# ruff: noqa: E501 - phrases in many alphabets

import re
from collections import defaultdict
from functools import cache
from typing import Final

from pipeline.data.text.text_words import fold_words

# One call a phrase, between semicolons: "(a|b)" is one of these, "[a]" may be left out, "…" is a name of up to twenty
# letters, "<" a platform, with a preposition perhaps.
_CALLS: Final = """
    our (chat|channel|group|bot|website|site|page|telegram|telegram channel); chat; join our (chat|channel|group|community)[ <]
    (join|follow) (us|me|our channel|our page) [on] [our] <; send [us] [your] (news|a tip|tips); more (details|here|on our website)

    (наш|наша) (чат|канал|телеграм|телеграмканал|бот|сайт|группа|страница|група|спільнота|сторінка) [<]; чат; чат канала; чат каналу
    (присоединяйтесь|присоединяйся|вступайте|вступай|присоединиться|вступить|заходите) (к нам|к каналу|к нашему каналу|к чату|к нашему чату|в чат|в наш чат|в канал|в наш канал|в группу|в нашу группу) [<]
    (приєднуйтесь|приєднуйтеся|приєднуйся|долучайтесь|долучайтеся|долучайся|долучитися|доєднуйтесь|доєднуйтеся) (до нас|до каналу|до нашого каналу|до чату|до нашого чату|до групи|до нашої групи|до спільноти|до нашої спільноти) [<]
    (следите|следи) за (нами|нашим каналом|новостями) [<]; (стежте|слідкуйте) за (нами|нашим каналом|новинами) [<]
    (прислать|предложить|сообщить|пришлите) [нам] (новость|новости|информацию); (надіслати|прислати|запропонувати|повідомити|надсилайте|надішліть) [нам] (новину|новини|інформацію)
    подпишись; підпишись; (подписаться|подпишитесь|подписывайтесь) на (нас|канал|наш канал|наш телеграмканал) [<]; (підписатися|підпишіться|підписуйтесь|підписуйтеся) на (нас|канал|наш канал|наш телеграмканал) [<]
    (падпісвайцеся|падпішыцеся|падпісацца) [на] [наш] [канал] [<]; далучайцеся да (нас|нашага канала|канала) [<]; (чытаць|чытайце) (далей|цалкам)

    (اشترك|اشتركوا|اشتركي|الاشتراك|للاشتراك|انضم|انضموا|انضمي|الانضمام|للانضمام) (في|الى|إلى|ب|معنا في) (قناتنا|القناة|مجموعتنا|المجموعة|صفحتنا) [على] [<] [اضغط هنا|اضغط على الرابط|من هنا|عبر الرابط|من خلال الرابط]
    (اشترك|اشتركوا|للاشتراك|تابعوا) [في] قناة … [على] [<]; (انضم|انضموا) (الينا|إلينا) [<]; (اشترك|اشتركوا) (معنا|الان|الآن) [<]; (تابعونا|تابعنا|لمتابعتنا) [على] [<]; تابعونا (هنا|عبر <|عبر الرابط); (تابعوا|تابع) (قناتنا|صفحتنا) [على] [<]
    قناتنا [على] <; اضغط هنا [للاشتراك|للانضمام|للمزيد]; (اقرأ|اقرا|لقراءة|قراءة) (المزيد|النص الكامل|الخبر كاملا|المقال كاملا); للمزيد [اضغط هنا|من هنا]; لمزيد من التفاصيل [اضغط هنا]; ارسل (لنا) (خبرا|اخبارك)

    (به|در) (کانال|گروه|صفحه) (ما|تلگرام ما|تلگرامی ما|تلگرام …|…) [<] (بپیوندید|ملحق شوید|عضو شوید); به ما (بپیوندید|ملحق شوید); ما را [در] [<] دنبال کنید; (عضو|عضویت در) (کانال|گروه) [ما|…] [شوید]
    کانال ما [در] [<]; کانال تلگرام ما; ادامه (مطلب|خبر) [را] [اینجا|در سایت] [بخوانید]; متن کامل [خبر] [را] [اینجا] [بخوانید]; بیشتر بخوانید
    ہمارے [واٹس ایپ|ٹیلی گرام] چینل کو (سبسکرائب|فالو|جوائن) کریں; ہمارا چینل (سبسکرائب|فالو|جوائن) کریں; ہمیں [<] [پر] فالو کریں; مزید پڑھیں

    [欢迎|歡迎|请|請|快来|快來][点击|點擊|点此|點此|点这里|扫码|掃碼|长按](订阅|訂閱|关注|關注|加入)[我们|我們|本|一下]的?…(频道|頻道|电报群|電報群|群组|群組|交流群|公众号|公眾號|账号|帳號|帐号)
    [欢迎|歡迎|请|請](订阅|訂閱|关注|關注|加入)(我们|我們)的?(频道|电报|電報|<)
    [欢迎|歡迎|请|請][点击|點擊|点此|立即|马上|長按|扫码](订阅|訂閱|关注|關注); [欢迎|歡迎|请|請](关注|關注|加入|订阅|訂閱)(我们|我們); [点击|點擊|点此](阅读|閱讀|查看)(全文|原文|更多|详情|詳情); (了解|查看|阅读)(更多|详情); [欢迎|歡迎]投稿; 我们的(频道|群组|电报群)
    [ぜひ|是非][公式|当|本|私たちの|我々の](チャンネル|アカウント|グループ|メルマガ)[を|に|へ|の](登録|登錄|フォロー|参加|購読)[を|よろしく][お願いします|おねがいします|お願い致します|してください|して下さい|してね|はこちら|はこちらから]; (フォロー|登録|チャンネル登録)(お願いします|してください|して下さい|はこちら|はこちらから); (続きを読む|続きはこちら|全文はこちら|全文を読む|詳細はこちら|詳しくはこちら|もっと見る)
    [저희|우리] [텔레그램] (채널|채팅방|그룹|채널을|채널에|그룹에|채팅방에) (구독|구독하기|구독하세요|구독해주세요|구독해 주세요|팔로우|팔로우하세요|참여하기|참여하세요|가입하기|가입하세요|입장하기); (구독하기|구독하세요|구독해주세요|더보기|더 보기|자세히 보기|전문 보기|전체 기사 보기)

    [hemen|simdi] (kanalımıza|kanala|kanalımıza|bültenimize|telegram kanalımıza|youtube kanalımıza) (abone|üye) (ol|olun|olunuz|olmayı unutmayın|olmak için tıklayın); (kanalımıza|grubumuza|telegram grubumuza|telegram kanalımıza|aramıza|bize) katıl(ın|ınız|); abone ol(un|unuz|); bizi [<] [ta|te|da|de|dan|den|tan|ten|üzerinden] takip (edin|ediniz|etmeyi unutmayın|edebilirsiniz)
    devamını (oku|okuyun); (haberin|yazının) (devamı|tamamı) [için tıklayın]; devamı için tıklayın; kanalımız [<]
    [telegram] kanalımıza (abunə olun|qoşulun); bizi [<] [da|də] izləyin; ətraflı [oxu|oxuyun]; davamını oxu
    (каналымызға|телеграм каналымызға|парақшамызға) (жазылыңыз|жазылыңыздар|қосылыңыз|тіркеліңіз); жазылыңыз; толығырақ [оқу|оқыңыз]; (каналыбызга|баракчабызга) (жазылыңыз|кошулуңуз|катталыңыз); толугураак [окуңуз]
    [telegram] (kanalimizga|kanalga|guruhimizga) (obuna boling|aʼzo boling|azo boling|qoshiling); bizni [<] [da] kuzating; batafsil [oqish]; ба канали мо (обуна шавед|пайвандед|ҳамроҳ шавед); канали моро пайгирӣ кунед

    (abonniere|abonniert|abonnieren sie) [jetzt|hier|auch|gerne] [unseren|meinen|den|unsere|uns] [telegram] [kanal|telegramkanal|newsletter|gruppe] [<]; (folge|folgt|folgen sie) (uns|mir|unserem kanal|unserem telegramkanal|meinem kanal) [auf|bei|hier] [<]; (jetzt|hier|kanal) abonnieren; (tritt|tretet|treten sie) unserem (kanal|chat) bei; (tritt|tretet) unserer gruppe bei; (weiterlesen|mehr lesen|mehr dazu|mehr erfahren|zum artikel|zum ganzen artikel|zum vollständigen artikel|hier weiterlesen|lesen sie mehr|lesen sie auch|unser kanal|unser chat)
    abonnez-vous [maintenant] [à|a] [notre|la|ma|nos] [chaîne|canal|newsletter|page|compte|chaîne telegram|canal telegram] [<]; abonne-toi [à|a] [notre|la|ma] [chaîne|canal] [<]; s'abonner [à la chaîne|au canal|à notre chaîne] [<]; suivez-nous [sur] [<]; suivez-moi [sur] [<]; suivez (notre|la|nos) (chaîne|canal|page|chaîne telegram|canal telegram) [<]; rejoignez-nous [sur] [<]; (rejoignez|rejoindre) (notre|le|la|nos) (chaîne|canal|groupe|communauté|chaîne telegram|canal telegram) [<]; lire (la suite|plus|l'article|l'article complet|l'article en entier|aussi); en savoir plus; voir plus; (notre|notre) (chaîne|canal|groupe) [<]
    (suscríbete|suscríbase|suscríbanse|suscribíos|suscribirse) [ya|ahora] [a|al] [nuestro|este|mi|el] [canal|canal de telegram|boletín] [<]; (síguenos|síganos|seguidnos|sígueme) [en] [<]; (sigue|siga|sigan) (nuestro|este) canal [<]; (únete|únase|únanse|uníos) (a nuestro canal|a nuestro grupo|al canal|al grupo|a nosotros|a este canal|a nuestro canal de telegram|a nuestra comunidad) [<]; (leer|lee|lea) (más|también|la noticia completa|el artículo completo); (más información|ver más|sigue leyendo|seguir leyendo) [aquí]; nuestro (canal|grupo|chat) [<]
    (inscreva-se|subscreva|subscreva-se|assine) [já|agora] [no|o|ao|em|a] [nosso|meu|nossa] [canal|canal do telegram|newsletter] [<]; (siga-nos|sigam-nos|acompanhe-nos|seguenos) [no|na|em] [<]; siga [o] nosso canal [<]; (junte-se|entre|participe) (ao|no|do|em|a) (nosso canal|nosso grupo|canal|grupo|nosso canal do telegram|nós) [<]; (leia|saiba|ver|veja) mais [aqui|em <]; (continue lendo|continuar lendo|leia na íntegra|leia também); (nosso|o nosso) (canal|grupo|chat) [<]
    (iscriviti|iscrivetevi|iscriversi) [subito|ora] [al|a] [nostro|il nostro] [canale|canale telegram|gruppo|newsletter] [<]; (seguici|seguiteci|seguimi) [su|sul|anche su] [nostro canale] [<]; segui il nostro canale [<]; (unisciti|unitevi) (a noi|al nostro canale|al canale|al nostro gruppo|al gruppo) [<]; (leggi|leggi anche|leggi tutto|leggi di più|continua a leggere|leggi l'articolo|leggi l'articolo completo|per saperne di più|il nostro canale)
    (subskrybuj|subskrybujcie|zasubskrybuj|zasubskrybujcie) [nasz|nas|kanał] [kanał] [<]; (obserwuj|obserwujcie|śledź|śledźcie) (nas|nasz kanał|nasz profil) [na] [<]; (dołącz|dołączcie|dołącz już teraz) do (nas|kanału|naszego kanału|naszej grupy|grupy|naszej społeczności) [na] [<]; (zapisz się|zapiszcie się) [do|na] [naszego|nasz] [kanału|kanał|newsletter|newslettera]; (czytaj|czytajcie) (więcej|dalej|całość|też|także); więcej [tutaj|na stronie|w linku]; nasz (kanał|czat|profil) [na] [<]
    (odebírejte|odoberajte) [náš] [kanál] [<]; (sledujte nás|sledujte náš kanál) [na] [<]; (připojte se|přidejte se|pridajte sa|pripojte sa) (k nám|k našemu kanálu|k nášmu kanálu|ke kanálu|do skupiny) [na] [<]; (číst|čtěte|čítať|čítajte) (dále|více|ďalej|viac); celý (článek|článok); (více|viac) [zde|tu|informací|informácií]
    (abonneer|abonneer je|abonneer u|schrijf je in) [op|voor] [ons|dit|onze] [kanaal|telegramkanaal|nieuwsbrief] [<]; volg (ons|ons kanaal) [op|via] [<]; word lid van (ons kanaal|onze groep) [<]; (lees meer|lees verder|lees ook|ons kanaal)
    (prenumerera|abonner|abonnér|abonnera) [på] [vår|vores|kanalen] [kanal|kanalen|kanalen vår] [<]; (följ|følg) (oss|os|kanalen vår|vår kanal) [på] [<]; (gå med i|bli med i) (vår|kanalen vår|gruppen vår|vår kanal|vår grupp) [<]; (läs|les|læs) (mer|mere|videre|vidare); (tilaa|seuraa) (kanavamme|kanavaamme|meitä) [<]; liity (kanavallemme|ryhmäämme|kanavaamme|mukaan) [<]; lue lisää
    (abonați-vă|abonează-te|abonează-vă) [la] [canalul|canalul nostru|canal] [de telegram|<]; (urmăriți-ne|urmărește-ne) [pe|și pe] [<]; (alătură-te|alăturați-vă|intră) (nouă|canalului nostru|pe canalul nostru|grupului nostru) [<]; (citește|citiți) (mai mult|mai departe|și|integral|articolul integral); mai multe [detalii|aici]; canalul nostru [de] [<]
    (iratkozz|iratkozzon|iratkozzatok) fel [a csatornánkra|csatornánkra|hírlevelünkre] [<]; (kövess|kövessen|kövessetek) (minket|bennünket) [<] [on|en|n]; (csatlakozz|csatlakozzon|csatlakozzatok) (hozzánk|a csatornánkhoz|csatornánkhoz|a csoportunkhoz) [<]; (tovább olvasom|olvass tovább|bővebben|részletek itt)
    (εγγραφείτε|εγγραφή|γραφτείτε) [στο] [κανάλι|κανάλι μας] [<]; (ακολουθήστε|ακολουθήστε μας|ακολουθήστε το κανάλι μας) [στο|στα] [<]; (διαβάστε|δείτε) (περισσότερα|εδώ|ολόκληρο το άρθρο|επίσης); (το κανάλι μας) [<]
    (абонирайте|абонирай) се [за] [канала|канала ни|нашия канал] [<]; (последвайте|следвайте) (ни|канала ни) [в] [<]; (присъединете се|включете се) (към нас|към канала ни|в канала ни|в групата ни) [<]; (прочетете|прочети|вижте) (повече|още|тук|цялата статия)
    (претплатите|претплати|претплатете) се [на] [наш|наш канал|канал|нашиот канал] [<]; (пратите|прати|следете) (нас|нѐ|не|наш канал) [на] [<]; (придружите|придружете) (нам се|се нашем каналу|ни се|се на нашиот канал|нам се на каналу) [<]; (прочитајте|прочитај|читајте|опширније|повеќе) [више|повеќе|даље|овде]
    (pretplatite|pretplati) se [na] [naš|naš kanal|kanal] [<]; (pratite|prati) (nas|naš kanal) [na] [<]; (pridružite|pridruži) (nam se|se našem kanalu|nam se na kanalu) [<]; (pročitajte|pročitaj|čitajte|čitaj) (više|dalje|cijeli članak|još)
    liitu (meie kanaliga|meiega|meie grupiga) [<]; jälgi meid [<]; telli (kanal|meie kanal|uudiskiri); loe (edasi|lisaks|rohkem); (abonē|abonējiet|pievienojies|pievienojieties) [mūsu] [kanālu|kanālam|mums] [<]; seko (mums|mūsu kanālam) [<]; (lasi|lasīt) (vairāk|tālāk); (prenumeruok|prenumeruokite) [mūsų] [kanalą] [<]; (sek|sekite) (mus|mūsų kanalą) [<]; (prisijunk|prisijunkite) prie (mūsų|mūsų kanalo|kanalo) [<]; (skaityk|skaitykite|skaityti) (daugiau|toliau)
    (abonohuni|abonohu|regjistrohu) [në] [kanalin|kanalin tonë] [<]; na ndiqni [në] [<]; (bashkohuni|bashkohu) (me ne|në kanalin tonë|me kanalin tonë) [<]; lexo (më shumë|të plotë|më tepër)

    (הירשמו|הרשמו|הצטרפו|להצטרפות|הצטרף|עקבו) (לערוץ|לערוץ שלנו|אלינו|לקבוצה|לקבוצה שלנו|אחרינו|אחרי הערוץ) [ב] [<] [לחצו כאן]; (לחצו כאן|לקריאה נוספת|המשך קריאה|לכתבה המלאה|קראו עוד|קרא עוד|הערוץ שלנו)
    (բաժանորդագրվեք|բաժանորդագրվել|հետևեք|միացեք) [մեր|մեզ] [ալիքին|ալիքին telegramում] [<]; (կարդալ|կարդացեք) (ավելին|ամբողջությամբ); (გამოიწერეთ|გამოიწერე) [ჩვენი] [არხი|ტელეგრამ არხი] [<]; (შემოგვიერთდით|შემოუერთდით ჩვენს არხს|გამოგვყევით|მოგვყევით) [<]; (წაიკითხეთ|წაიკითხე|იხილეთ) (მეტი|სრულად|ვრცლად)
    (हमारे|हमारा) [टेलीग्राम|यूट्यूब|व्हाट्सएप] चैनल [को|से] (सब्सक्राइब|फॉलो|जॉइन|ज्वाइन|लाइक|जुड़ें|जुड़िए) [करें|करे|कीजिए]; चैनल को (सब्सक्राइब|फॉलो|जॉइन) (करें|कीजिए); हमें [<] [पर] फॉलो (करें|कीजिए); हमसे जुड़ें; (और|पूरी खबर|पूरा लेख|विस्तार से) (पढ़ें|पढ़िए)
    (ikuti|follow) (kami|channel kami|kanal kami|saluran kami|akun kami) [di] [<]; (gabung|bergabung|bergabunglah|join) [di|ke|dengan|dalam] (channel|kanal|saluran|grup|kami|channel kami|kanal kami|saluran kami|grup kami) [telegram] [kami] [<]; (berlangganan|langganan) [di] [channel|kanal|saluran] [kami] [<]; baca (selengkapnya|juga|lebih lanjut|di sini); selengkapnya [di sini]
    (đăng ký|theo dõi|tham gia) (kênh|nhóm|group|trang|chúng tôi) [telegram|youtube] [của] [chúng tôi|chúng mình|mình] [<]; (xem|đọc) (thêm|tiếp|chi tiết|toàn văn); kênh của chúng tôi [<]
    (กดติดตาม|ติดตาม|เข้าร่วม)(เรา|ช่องของเรา|ช่อง|กลุ่มของเรา|ช่องเทเลแกรมของเรา)[ได้ที่|ทาง|ที่] [<]; (อ่านต่อ|อ่านเพิ่มเติม|กดติดตาม|สมัครสมาชิก)
"""
_PLATFORMS: Final = """
    telegram телеграм телеграмм تلغرام تليغرام تلجرام تيليجرام تيليغرام تلیگرام تلگرام ٹیلیگرام 电报 電報 テレグラム 텔레그램 टेलीग्राम טלגרם τελεγκραμ
    youtube ютуб يوتيوب یوتیوب facebook фейсбук فيسبوك فیسبوک instagram инстаграм інстаграм انستغرام اینستاگرام twitter твиттер твіттер تويتر توییتر tiktok тикток тікток vk вк вконтакте whatsapp واتساب واتس viber вайбер max rss x tg тг discord threads bluesky dzen дзен ok rutube
"""
_SOURCE_WORDS: Final = (
    "quelle|fuente|fonte|źródło|zdroj|bron|källa|kilde|lähde|sursa|forrás|πηγή|източник|извор|izvor|крыніца|kaynak|"
    "mənbə|manba|дереккөз|allikas|avots|šaltinis|burimi|المصدر|منبع|ماخذ|מקור|स्रोत|sumber|nguồn|消息来源|信息来源|来源|來源|"
    "出典|출처|ที่มา"
)
_SOURCES: Final = re.compile(rf"\W*(?:{_SOURCE_WORDS})\s?[:：]", re.IGNORECASE)
_KEY: Final = 3
_LONG: Final = 5  # letters of a name that has endings
_SPACELESS: Final = "\u0e00"  # from Thai on
_PARTS: Final = re.compile(r"\s[-–—/]\s|[|│¦•·]|\s{2,}")
_MOST_PARTS: Final = 5
_PHRASES: Final = tuple(part.strip() for part in re.split(r"[;\n]", _CALLS) if part.strip())
_first_word: Final = re.compile(r"\w+").search


def may_be_call(line: str) -> bool:
    """Whether a line begins as a call does: quickly told, and of few others."""
    first = _first_word(line)
    return first is not None and _find_key(first[0].casefold()) in _read_keys()


def is_call(line: str) -> bool:
    """Whether a short line is a call or states a source and says nothing else."""
    if _SOURCES.match(line):
        return True
    parts = _PARTS.split(line, _MOST_PARTS) if _PARTS.search(line) else [line]
    folded = [" ".join(filter(None, fold_words(part))) for part in parts]
    found = [part for part in folded if part]
    return bool(found) and all(_is_one(part) for part in found)


def _find_key(word: str) -> str:
    """First letters of a word, or the first where a few are a word."""
    return word[:1] if word >= _SPACELESS else word[:_KEY]


def _is_one(part: str) -> bool:
    pattern = _find_pattern(part[0])
    return pattern is not None and pattern.fullmatch(part) is not None


def _fold(phrase: str) -> str:
    """Words as texts are folded, signs of the notation kept."""
    pieces = re.split(r"([\[\]()|<… ?])", phrase)
    return "".join(
        piece if not piece.strip() or piece in "[]()|<…?" else "".join(fold_words(piece)) for piece in pieces
    )


def _find_beginnings(phrase: str) -> set[str]:
    """What may stand at the beginning of a call."""
    if phrase[0] == "[":
        inner, _, rest = phrase[1:].partition("]")
        return {*inner.strip("()").split("|"), *_find_beginnings(rest.strip())}
    return set(phrase[1:].partition(")")[0].split("|")) if phrase[0] == "(" else {phrase}


def _to_pattern(phrase: str, platform: str) -> str:
    lead = ""
    while found := re.match(r"\[([^\]]+)\] ", phrase):
        lead, phrase = rf"{lead}(?:(?:{found[1]}) )?", phrase[found.end() :]
    written = re.sub(r" \[ ?([^\[\]]+)\]", r"(?: (?:\1))?", phrase)
    written = re.sub(r"\[([^\[\]]+)\]", r"(?:\1)?", written)
    return lead + written.replace("…", r"[\w ]{0,20}?").replace("<", platform)


# Read and compiled where they are first asked for: that takes as long as starting some commands.


@cache
def _read_keys() -> frozenset[str]:
    """Beginnings of the first words of calls."""
    beginnings = (
        beginning
        for phrase in (*_PHRASES, *map(_fold, _PHRASES), f"({_SOURCE_WORDS})")
        for beginning in _find_beginnings(phrase)
    )
    return frozenset(_find_key(found[0].casefold()) for found in map(_first_word, beginnings) if found)


@cache
def _find_pattern(letter: str) -> re.Pattern[str] | None:
    """A pattern for the calls that begin with a letter: most lines need none of them."""
    phrases = _read_phrases().get(letter)
    return None if phrases is None else re.compile("|".join(phrases))


@cache
def _read_phrases() -> dict[str, list[str]]:
    """Patterns of calls by the letter with which they begin."""
    names = sorted("".join(fold_words(word)) for word in _PLATFORMS.split())
    # With the ending of a case, and "and" or "in" as one letter before it
    words = (
        "[وبב]?(?:" + "|".join(rf"{name}\w{{0,3}}" if len(name) >= _LONG else name for name in names) + ")"
    )
    platform = rf"(?:(?:\w{{1,4}} )?(?:{words})(?: (?:\w{{1,3}} )?(?:{words})){{0,3}})"
    by_letter: dict[str, list[str]] = defaultdict(list)
    for phrase in map(_fold, _PHRASES):
        for letter in sorted({beginning[0] for beginning in _find_beginnings(phrase)}):
            by_letter[letter].append(_to_pattern(phrase, platform))
    return by_letter
