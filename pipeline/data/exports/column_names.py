"""What the tools of this field call the columns that we know, ours first; spelt as `table_rows.fold_name` spells them.

A dot stands for an object inside a record of JSON, and for what pandas makes of one: "chat.title".
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline.data.tables.table_rows import fold_name
from pipeline.errors import DataError, list_names, shorten

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        *(
            "text",
            "message",
            "content",
            "body",
            "post_text",
            "message_text",
            "full_text",
            "rawcontent",
            "raw_content",
        ),
        *("raw_text", "tweet_text", "tweet", "post", "caption", "cleaned_message", "article_text", "article"),
        *("content_text", "текст", "сообщение", "повідомлення", "текст_сообщения", "текст_поста"),
        *(
            "текст_повідомлення",
            "текст_допису",
            "nachricht",
            "nachrichtentext",
            "beitrag",
            "texto",
            "mensaje",
        ),
        *("mensagem", "texte", "testo", "messaggio", "tekst", "treść", "wiadomość", "metin", "mesaj"),
        *(
            "contenido",
            "conteúdo",
            "contenu",
            "contenuto",
            "inhalt",
            "içerik",
            "зміст",
            "тэкст",
            "паведамленне",
        ),
        *(
            "النص",
            "نص",
            "المحتوى",
            "الرسالة",
            "المنشور",
            "نص_الرسالة",
            "متن",
            "پیام",
            "محتوا",
            "טקסט",
            "תוכן",
        ),
        *(
            "内容",
            "正文",
            "文本",
            "消息",
            "消息内容",
            "內容",
            "文字",
            "訊息",
            "本文",
            "テキスト",
            "メッセージ",
            "내용",
            "본문",
            "메시지",
        ),
    ),
    "channel": (
        *(
            "channel",
            "channel_name",
            "channel_username",
            "username",
            "chat.title",
            "chat",
            "chat_name",
            "chat_title",
        ),
        *(
            "channel_title",
            "page_name",
            "post_owner.name",
            "account.name",
            "user.username",
            "user.screen_name",
        ),
        *("source", "peer_id", "channel_id", "chat_id", "owner_id", "author_id", "to", "канал"),
        *("название_канала", "назва_каналу", "kanal", "kanalname", "canal", "chaîne", "canale", "kanał"),
        *(
            "القناة",
            "قناة",
            "اسم_القناة",
            "کانال",
            "نام_کانال",
            "ערוץ",
            "频道",
            "频道名称",
            "頻道",
            "チャンネル",
            "채널",
        ),
    ),
    "message_id": (
        *("message_id", "msg_id", "post_id", "tweet_id", "id_str", "id", "номер_сообщения", "номер_поста"),
        *(
            "номер_повідомлення",
            "номер_допису",
            "ид_сообщения",
            "номер",
            "нумар",
            "nummer",
            "nachrichtennummer",
        ),
        *("número", "numéro", "numero", "numer", "numara", "رقم_الرسالة", "رقم", "الرقم", "شماره", "מספר"),
        *("消息编号", "编号", "編號", "番号", "번호"),
    ),
    "published_at": (
        *("published_at", "unix_timestamp", "date_unixtime", "date", "datetime", "date_time", "timestamp"),
        *("created_at", "created_time", "creation_time", "post_created", "published", "pub_date", "pubdate"),
        *("date_published", "date_utc", "post_date", "message_date", "created_utc", "time", "дата"),
        *("posted_at", "date_posted", "post_time", "publish_date", "published_date", "publication_date"),
        *("дата_публикации", "дата_публікації", "дата_и_время", "дата_і_час", "datum", "fecha", "tarih"),
        *("date_de_publication", "fecha_de_publicación", "veröffentlicht_am", "дата_публікацыі"),
        *(
            "التاريخ",
            "تاريخ",
            "تاريخ_النشر",
            "تاریخ",
            "תאריך",
            "日期",
            "发布日期",
            "发布时间",
            "時間",
            "时间",
        ),
        *("發布時間", "日付", "日時", "날짜", "일시"),
    ),
    "forwarded_from": (
        *(
            "forwarded_from",
            "forward_from_chat",
            "forward_from",
            "fwd_from",
            "forwarded_from_name",
            "forward_from_name",
        ),
        *(
            "forward_origin",
            "forward_sender_name",
            "author_forwarded_from_name",
            "author_forwarded_from_username",
        ),
        "author_forwarded_from_id",
    ),
    "edited_at": (
        *("edited_at", "edit_date", "unix_timestamp_edited", "edited_unixtime", "edited", "timestamp_edited"),
        "modified_time",
    ),
    "views": (
        *(
            "views",
            "view_count",
            "views_count",
            "viewcount",
            "views.count",
            "statistics.views",
            "impression_count",
        ),
        *("public_metrics.impression_count", "impressions", "просмотры", "перегляди"),
        *("aufrufe", "vistas", "vues", "visualizações", "visualizzazioni", "wyświetlenia"),
        *("المشاهدات", "مشاهدات", "بازدید", "浏览量", "阅读量", "瀏覽量", "閲覧数", "조회수"),
    ),
    "forwards": (
        *("forwards", "forward_count", "forwards_count", "number_forwards", "shares", "share_count"),
        *(
            "statistics.share_count",
            "statistics.actual.sharecount",
            "reposts.count",
            "retweet_count",
            "retweetcount",
        ),
        "public_metrics.retweet_count",
    ),
    "channel_id": (
        *(
            "channel_id",
            "chat_id",
            "chat.id",
            "peer_id",
            "facebook_id",
            "page_id",
            "post_owner.id",
            "account.id",
        ),
        "owner_id",
    ),
    "topic": ("topic", "topic_id", "message_thread_id"),
    "reply_to": (
        *("reply_to", "reply_to_msg_id", "reply_to_message_id", "reply_to_id", "reply_to_message"),
        *("in_reply_to_status_id_str", "in_reply_to_status_id", "inreplytotweetid"),
    ),
    "reactions": ("reactions",),
    "links": ("links", "outlinks", "urls", "link_attached", "final_link"),
    "media": ("media", "media_type", "attachment_type"),
    "seen_at": ("seen_at",),
}
# Asked one after the other where the first has nothing; of the others the first that the table has is the column.
SEVERAL: Final = frozenset(("forwarded_from", "edited_at"))
SECOND_TEXTS: Final = ("caption", "raw_text", "cleaned_message")
PLACES: Final = (  # the address of the post itself; "link" is often that of a page it names, see `plain_columns`
    *(
        "url",
        "post_url",
        "permalink",
        "message_url",
        "message_link",
        "msg_link",
        "post_link",
        "tweet_url",
        "uri",
    ),
    *("mcl_url", "link", "guid", "ссылка"),
)
VAGUE_PLACES: Final = frozenset(
    ("link", "guid", "uri")
)  # those of another channel are no address of this post
ROW_NUMBERS: Final = frozenset(  # that may count the rows of a table rather than name a message
    (
        *("id", "номер", "нумар", "nummer", "número", "numéro", "numero", "numer", "numara", "رقم", "الرقم"),
        *("شماره", "מספר", "编号", "編號", "番号", "번호"),
    )
)
CLOCKS: Final = (
    "time",
    "post_created_time",
    "время",
    "час",
    "uhrzeit",
    "hora",
    "heure",
    "godzina",
    "saat",
    *("ora", "الوقت", "وقت", "ساعة", "زمان", "שעה", "时间", "時間", "時刻", "시간"),
)  # beside a column of dates
LIKES: Final = {  # column -> name of the reaction
    **dict.fromkeys(
        ("likes", "like_count", "likecount", "favorite_count", "public_metrics.like_count"), "like"
    ),
    **dict.fromkeys(("likes.count", "statistics.like_count", "statistics.actual.likecount"), "like"),
    **{name: name for name in ("love", "wow", "haha", "sad", "angry", "care")},
}
POLLS: Final = ("poll", "rich_message")
KNOWN_NAMES: Final = frozenset(
    (*(name for names in SYNONYMS.values() for name in names), *PLACES, *CLOCKS, *LIKES, *POLLS, "service")
)
READS: Final = {  # what is said of it in the table of formats
    "channel": "`channel`, `chat`, `username`, `page_name`, `peer_id` and others",
    "message_id": "`message_id`, `id`, a t.me link or `NAME-12`; the post's address in `url` and the like",
    "published_at": "`date`, `unix_timestamp`, `created_at` and others, with `time` beside them",
    "text": "`text`, `message`, `body`, `content` and others; `caption`; polls",
    "forwarded_from": "`fwd_from`, `forward_from_chat`, `author_forwarded_from_name` and others",
    "edited_at": "`edit_date`, `unix_timestamp_edited` and others",
    "views": "`views`, `view_count` and others, also `1.2K`",
    "forwards": "`forwards`, `shares`, `retweet_count` and others",
    "channel_id": "`channel_id`, `chat_id`, `peer_id`, `facebook_id` and others",
    "topic": "`topic`, `message_thread_id`",
    "reply_to": "`reply_to`, `reply_to_msg_id` and others",
    "reactions": "`reactions`; `likes`, `love` and the like",
    "links": "`links`, `outlinks`, `urls`",
    "media": "`media`, `media_type`, `attachment_type`",
}
_ROOTS: Final = frozenset(name.partition(".")[0] for name in KNOWN_NAMES if "." in name)


class NoTextColumnError(DataError):
    """A table, or one JSON object, without any column that could hold the texts."""


def flatten(cells: Mapping[str, object]) -> Mapping[str, object]:
    """A record of JSON with what stands in its inner objects beside them, as "chat.title"."""
    if not any(isinstance(cells.get(root), dict) for root in _ROOTS):
        return cells
    flat = dict(cells)
    for root in _ROOTS:
        inner = cells.get(root)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            flat.setdefault(f"{root}.{name}", value)
            for deeper, part in value.items() if isinstance(value, dict) else ():
                flat.setdefault(f"{root}.{name}.{deeper}", part)
    return flat


def match_columns(
    path: Path, found: Sequence[str], mapped: Mapping[str, str], *, may_lack: bool
) -> dict[str, tuple[str, ...]]:
    """Our name -> the table's columns that hold it, in the order in which they are asked.

    Args:
        path: the table, for messages.
        found: the table's column names.
        mapped: our name -> the table's name, as the user says.
        may_lack: whether mapped columns may be missing, as in a single JSON object.

    Raises:
        NoTextColumnError: no column of texts.
        DataError: an unknown name in `mapped`, a mapped column that the table lacks, or one of ours that stands twice.
    """
    if unknown := sorted(set(mapped) - set(SYNONYMS)):
        raise DataError(
            f"columns: unknown names {', '.join(unknown)}; expected our column first, one of "
            f"{', '.join(SYNONYMS)}, for example text=body"
        )
    names: dict[str, tuple[str, ...]] = {}
    free = [name for name in found if name not in mapped.values()]
    for column, synonyms in SYNONYMS.items():
        if column in mapped:
            candidates = [name for name in found if name == mapped[column]]
            if not candidates and not may_lack:
                raise DataError(_missing(path, f"no column '{shorten(mapped[column], 60)}'", found))
            if len(candidates) > 1:
                raise DataError(f"{path}: the column '{shorten(candidates[0], 60)}' stands more than once")
        else:
            candidates = find_names(path, free, synonyms, column)
        if candidates:
            names[column] = tuple(candidates if column in SEVERAL else candidates[:1])
    if "text" not in names:
        raise NoTextColumnError(_missing(path, "no column of texts", found))
    return names


def find_names(path: Path, found: Iterable[str], synonyms: Iterable[str], column: str = "") -> list[str]:
    """Columns of the table that are among the synonyms, in their order.

    Raises:
        DataError: the first of them stands more than once, or beside one that differs in case only.
    """
    by_folded: dict[str, list[str]] = {}
    for name in found:
        by_folded.setdefault(fold_name(name), []).append(name)
    matched = [by_folded[synonym] for synonym in synonyms if synonym in by_folded]
    if column and matched and len(matched[0]) > 1:
        raise DataError(f"{path}: {_twice(matched[0], column)}")
    return [names[0] for names in matched]


def _twice(names: Sequence[str], column: str) -> str:
    first, second = shorten(names[0], 60), shorten(names[1], 60)
    if first == second:
        return f"the column '{first}' stands more than once"
    return (
        f"the columns '{first}' and '{second}' differ in their spelling only; say which is meant with "
        f"--column {column}='{first}'"
    )


def _missing(path: Path, what: str, found: Sequence[str]) -> str:
    return (
        f"{path}: {what}; the file has: {list_names(filter(None, found)) or 'no columns'}. "
        "Say which column is which with --column OURS=THEIRS, for example --column text=body "
        f"(ours are {', '.join(SYNONYMS)})"
    )
