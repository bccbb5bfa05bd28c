"""Sentences of one channel that begin or end alike and say different things, with known answers.

A channel's ministry has its formulas, and its weather has its hours: what recurs inside a sentence is no footer.
"""

# ruff: noqa: E501, RUF001 - a table of sentences in other scripts

from typing import Final

# One set a line: sentence with two gaps | what may stand in the first | what in the second; all invented
FORMULAS: Final = {
    "en": """
On the long disputed question of {}, the spokeswoman Mara Nowen {}. | the sanctions ; the islands ; the ruling ; the chips ; the rights report ; the drill ; the visas | voiced strong dissatisfaction and firm opposition ; voiced warm congratulations and heartfelt welcome
Rain is expected in the southern district of {} {}. | Alba ; Borovo ; Cesena ; Drama ; Elbasan ; Foca ; Graz | at 14:30 ; on Friday ; on the 12th of March ; tomorrow evening
On 12 March 2024 {}{}. | the alliance began a drill in the northern sea ; the film festival opened in the old town ; the strike of the miners was called off ; a bridge was opened near the border ; the bank raised its rate again ; the mayor of Brod resigned | , officials say ; , officials deny
""",
    "ru": """
О давно обсуждаемом вопросе про {} официальный представитель Мара Новен {}. | санкции ; острова ; приговор ; запрет чипов ; доклад о правах ; учения ; визы | выразила сильное недовольство и решительный протест ; выразила тёплые поздравления и искреннюю поддержку
Дождь ожидается в южном районе города {} {}. | Альба ; Борово ; Чезена ; Драма ; Эльбасан ; Фоча ; Грац | в 14:30 ; в пятницу ; 12 марта ; завтра вечером
12 марта 2024 года {}{}. | альянс начал учения в северном море ; в старом городе открылся кинофестиваль ; забастовка шахтёров была отменена ; у границы открыли новый мост ; банк опять повысил ставку ; мэр Брода ушёл в отставку | , говорят чиновники ; , отрицают чиновники
""",
    "uk": """
Про давно обговорюване питання {} речниця міністерства Мара Новен {}. | санкцій ; островів ; вироку ; заборони чипів ; звіту про права ; навчань ; віз | висловила сильне невдоволення і рішучий протест ; висловила теплі вітання і щиру підтримку
Дощ очікується у південному районі міста {} {}. | Альба ; Борово ; Чезена ; Драма ; Ельбасан ; Фоча ; Грац | о 14:30 ; у п'ятницю ; 12 березня ; завтра ввечері
12 березня 2024 року {}{}. | альянс почав навчання у північному морі ; у старому місті відкрився кінофестиваль ; страйк шахтарів було скасовано ; біля кордону відкрили новий міст ; банк знову підняв ставку ; мер Брода пішов у відставку | , кажуть посадовці ; , заперечують посадовці
""",
    "ar": """
بشأن المسألة المطروحة منذ زمن طويل وهي {} أعربت المتحدثة مارا نوين {}. | العقوبات ; الجزر ; الحكم ; حظر الرقائق ; تقرير الحقوق ; المناورات ; التأشيرات | عن استياء شديد ورفض قاطع ; عن تهنئة حارة وترحيب صادق
من المتوقع هطول المطر في المنطقة الجنوبية من {} {}. | ألبا ; بوروفو ; تشيزينا ; دراما ; إلباسان ; فوتشا ; غراتس | الساعة 14:30 ; يوم الجمعة ; مساء الغد
""",
    "zh": """
外交部发言人马诺文今天就备受关注的{}{}。 | 美方制裁 ; 海岛问题 ; 南海仲裁 ; 芯片禁令 ; 人权报告 ; 联合军演 ; 签证新规 ; 气候谈判 | 表示强烈不满和坚决反对 ; 表示热烈祝贺和衷心欢迎
预计{}南部的山区乡镇{}将有一场大雨。 | 北岭 ; 花城 ; 东港 ; 西山 ; 石桥 ; 云台 ; 新河 | 下午两点半 ; 星期五 ; 三月十二日 ; 明天晚上
2024年3月12日，{}{}。 | 北约在波罗的海举行军事演习 ; 上海举行国际电影节开幕仪式 ; 矿工取消了原定的罢工 ; 边境附近一座大桥通车 ; 央行再次提高基准利率 ; 市长向议会递交了辞呈 | ，官员说 ; ，官员否认
""",
    "ja": """
外務省の報道官マラ・ノーエンは長く争われてきた{}について{}。 | 制裁 ; 離島 ; 仲裁 ; 半導体規制 ; 人権報告 ; 合同演習 ; 査証規則 | 強い不満と断固たる反対を表明した ; 心からの祝意と歓迎を表明した
南部の山沿いの町{}では{}に大雨が降る見込みです。 | アルバ ; ボロヴォ ; チェゼーナ ; ドラマ ; エルバサン ; フォチャ ; グラーツ | 午後二時半 ; 金曜日 ; 明日の夜
""",
}
FOOTERS: Final = {
    "en": "Read us every day and bring your friends along",
    "ru": "Читайте нас каждый день и приводите друзей",
    "uk": "Читайте нас щодня та приводьте друзів до нас",
    "ar": "اقرأونا كل يوم وأحضروا أصدقاءكم معكم",
    "zh": "每天都来看我们的消息，也请把朋友们带来",
    "ja": "毎日読んで、お友だちも連れてきてください",
}


def make_channel(language: str) -> tuple[list[str], list[int]]:
    """Sentences of one channel, each twice, once with the channel's footer below; and the number of what each says."""
    texts: list[str] = []
    said: list[int] = []
    for line in FORMULAS[language].strip().splitlines():
        pattern, *gaps = line.split(" | ")
        firsts, seconds = ([part.strip() for part in gap.split(" ; ")] for gap in gaps)
        for first in firsts:
            for second in seconds:
                sentence = pattern.format(first, second)
                texts += [sentence, f"{sentence}\n\n{FOOTERS[language]}"]
                said += [len(texts)] * 2
    return texts, said
