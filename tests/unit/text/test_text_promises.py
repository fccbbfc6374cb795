"""What a company promises in its turns, and by when."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Promise
from pipeline.text.normalise import fold
from pipeline.text.phrases import words_of
from pipeline.text.promises import find_promises
from pipeline.text.reader import Reader
from tests.unit.text.engines import Constant

TIMES = ("hours", "days", "weekday", "date", "clock", "weeks", "months", "monthday")
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def find(*texts: str) -> list[tuple[Promise, ...]]:
    folded = fold(texts)
    return find_promises(folded, words_of(folded))


def said(text: str) -> list[tuple[str, object, str]]:
    """Return what is promised, the time and its unit, and the words."""
    (found,) = find(text)
    return [(one.what, _time(one), text[one.start : one.end]) for one in found]


def _time(one: Promise) -> object:
    times = {name: getattr(one, name) for name in TIMES}
    return {name: value for name, value in times.items() if value is not None}


@pytest.mark.parametrize(
    ("text", "what", "time"),
    [
        ("Kontrol edip size döneceğiz.", "answer", {}),
        ("2 saat içinde dönüş yapacağız", "answer", {"hours": 2}),
        ("24-48 saat icinde tarafiniza bilgi verilecektir", "answer", {"hours": 48}),
        ("en geç yarın akşama kadar geri dönüş sağlanacaktır", "answer", {"days": 1}),
        ("yarim saate kadar donucez", "answer", {"hours": 0.5}),
        ("We will get back to you within two hours", "answer", {"hours": 2}),
        ("yarın sizi arayacağız", "callback", {"days": 1}),
        ("sizi birazdan arıycaz", "callback", {}),
        ("Uzman arkadaşımız yirmi dört saat içinde sizi arayacak 😊", "callback", {"hours": 24}),
        ("Our team will call you back tomorrow", "callback", {"days": 1}),
        ("SİPARİŞİNİZ BUGÜN KARGOYA VERİLECEKTİR", "shipment", {"days": 0}),
        ("siparisiniz yarin kargolancak", "shipment", {"days": 1}),
        ("We'll ship it today", "shipment", {"days": 0}),
        ("cuma günü elinizde olur", "delivery", {"weekday": 4}),
        ("15 Kasım'a kadar teslim edilecektir", "delivery", {"date": "11-15"}),
        ("It will be delivered within 3 working days", "delivery", {"days": 3}),
        ("yarın 10-12 arası teknisyen gelecek", "technician", {"days": 1, "clock": "12:00"}),
        ("Teknik ekibimiz haftaya salı günü uğrayacak", "technician", {"weekday": 1, "weeks": 1}),
        ("An engineer will visit you on Monday", "technician", {"weekday": 0}),
        ("Servis ekibimiz cuma günü kapınızda olacaktır", "technician", {"weekday": 4}),
        ("Siparişiniz yarın kapınızda olacak", "delivery", {"days": 1}),
        ("We will be with you tomorrow", "delivery", {"days": 1}),
        ("I will follow up with you this afternoon", "answer", {"clock": "19:00"}),
        ("I will phone you back within the next hour", "callback", {"hours": 1}),
        ("We'll call you at 3 p.m. tomorrow", "callback", {"days": 1, "clock": "15:00"}),
        ("akşam 8 gibi ararım", "callback", {"clock": "20:00"}),
        ("Perşembe saat üç buçukta arayacağız", "callback", {"weekday": 3, "clock": "15:30"}),
        ("Yarın saat 15'ten önce sizi arayacağız", "callback", {"days": 1, "clock": "15:00"}),
        ("We will call you back by Nov 5 at 4pm", "callback", {"date": "11-05", "clock": "16:00"}),
        ("saat 17'den sonra arayacağız", "callback", {"days": 0}),
        ("It will be delivered on 05/12", "delivery", {"date": "12-05"}),
        ("05/12'de teslim edilecek", "delivery", {"date": "12-05"}),
        ("Cumartesi veya pazar günü teslim edilecek", "delivery", {"weekday": 6}),
        ("Pazartesi 9 Kasım'da teslim edilecek", "delivery", {"date": "11-09"}),
        ("24/7 destek ekibimiz sizi arayacak", "callback", {}),
        ("Your refund of 12.50 TL will be issued", "refund", {}),
        ("En kısa sürede dönüş yapılacaktır", "answer", {}),
        ("Of course, we will call you", "callback", {}),
        ("Cuma günü verdiğiniz sipariş yarın kargoya verilecek", "shipment", {"days": 1}),
        ("The item you ordered on Monday will ship tomorrow", "shipment", {"days": 1}),
        ("2-3 saate ekip orada olur", "technician", {"hours": 3}),
        ("Siparişiniz hazırlanmaktadır, yarın kargoya verilecektir", "shipment", {"days": 1}),
        ("We couldn't come today, we will call you tomorrow", "callback", {"days": 1}),
        ("Yeni modeminiz 3 güne elinizde olur", "delivery", {"days": 3}),
        ("Kargo bugün çıkış yapacak", "shipment", {"days": 0}),
        ("Your refund will be processed within 5 business days", "refund", {"days": 5}),
        ("iadenizi bugün yapıyoruz", "refund", {"days": 0}),
        ("5 iş günü içinde iade edilecek", "refund", {"days": 5}),
        ("İadeniz kartınıza 2 hafta içinde yansır", "refund", {"days": 14}),
        ("You'll receive a refund in 5-7 business days", "refund", {"days": 7}),
    ],
)
def test_a_promise_says_what_and_by_when(text: str, what: str, time: object) -> None:
    assert [one[:2] for one in said(f"Merhaba. {text}. İyi günler!")] == [(what, time)]


def test_working_days_are_told_from_days() -> None:
    ((business,), (calendar,)) = find(
        "5 iş günü içinde iade edilecek", "5 güne kadar dönülecektir, 5 gün içinde arayacağız"
    )
    assert (business.working, business.days) == (True, 5)
    assert (calendar.working, calendar.days) == (False, 5)


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        (
            "Bugün kargoya verilecek, cuma günü elinizde olur.",
            [("shipment", {"days": 0}), ("delivery", {"weekday": 4})],
        ),
        (
            "We'll ship it today and it will be delivered on Friday.",
            [("shipment", {"days": 0}), ("delivery", {"weekday": 4})],
        ),
        (
            "Paketi bulamadık. Yarın sizi arayacağız. Ücretiniz iade edilecektir.",
            [("callback", {"days": 1}), ("refund", {})],
        ),
    ],
)
def test_each_promise_has_its_own_time(text: str, promises: object) -> None:
    assert [one[:2] for one in said(text)] == promises


@pytest.mark.parametrize(
    "text",
    [
        "Size dönecekler mi?",
        "Sizi yarın arayalım mı?",
        "Yarın kargoya verilecek mi bilmiyorum",
        "kargoya verilecek ürünler listesi",
        "Teslim edilecek adresi yazar mısınız?",
        "kargoya verileceği söylendi",
        "Kargoya verilecekti fakat stok kalmadı",
        "size dönüş yapamıyoruz",
        "sizi aramayacağız",
        "Bugün kargoya veremeyeceğiz.",
        "We will not call you",
        "We cannot guarantee that it will arrive on Friday",
        "Onaylarsanız yarın kargoya verilecektir.",
        "Stoklarımıza gelirse size döneceğiz",
        "Kargoya verildiğinde SMS ile bilgilendirileceksiniz",
        "If you confirm, we will ship today.",
        '"Yarın sizi arayacağız" yazılmış, kaydı inceledim.',
        "Siparişiniz dün kargoya verildi.",
        "3 iş günü içinde iade edebilirsiniz",
        "Kargo firmasını arayacağız",
        "Geri dönüşünüz için teşekkürler",
        "Sizi hemen arıyorum.",
        "Önümüzdeki günlerde sizi arayacağız.",
        "Gelecek yıl size döneceğiz.",
        "We will call you in the new year.",
        "Saat 14:30'da aradığınız için teşekkürler, size döneceğiz.",
        "Sorununuz çözülecektir.",
        "Bayrama kadar teslim edilecektir.",
    ],
)
def test_questions_conditions_denials_and_quotes_promise_nothing(text: str) -> None:
    assert said(text) == []


def test_a_city_is_no_condition() -> None:
    assert said("Bursa şubemiz yarın sizi arayacak.") == [
        ("callback", {"days": 1}, "yarın sizi arayacak")
    ]


def test_only_the_company_promises_and_acts() -> None:
    text = "Temsilciye bağlıyorum, size döneceğiz."
    authors = [AuthorType.CUSTOMER, AuthorType.AGENT, AuthorType.BOT]
    events = [
        Event(author, NOW, "c", "chat", EventType.MESSAGE, text=text, author_type=author)
        for author in authors
    ]
    customer, *company = Reader(Constant(0.2, 0.6, 0.2)).read_events(events)
    assert customer
    assert not customer.promises
    for reading in company:
        assert reading
        assert [one.name for one in reading.intents] == ["hands_over"]
        assert [one.what for one in reading.promises] == ["answer"]


def test_places_are_those_of_the_whole_text() -> None:
    own = "Yarın sizi arayacağız.\n\n"
    text = f"{own}On Mon, 5 Jan 2026 at 10:00, Ali <a@b.tr> wrote:\n> bugün arayacağız\n"
    event = Event(
        "e", NOW, "c", "e-mail", EventType.MESSAGE, text=text, author_type=AuthorType.AGENT
    )
    (reading,) = Reader(Constant(0.2, 0.6, 0.2)).read_events([event])
    assert reading
    assert [text[one.start : one.end] for one in reading.promises] == ["Yarın sizi arayacağız"]


PIECES = st.sampled_from(
    [
        "yarın",
        "bugün",
        "2 saat içinde",
        "sizi arayacağız",
        "kargoya verilecek",
        ",",
        "?",
        "\n",
        "…",
        "will call you",
        "99 şubat",
        "31.12.2026",
        "saat 15:00",
        "iade",
        "içinde",
        "5 iş günü",
        "teknisyen",
        "“",
        "”",
    ]
)


@settings(max_examples=200)
@given(st.lists(st.lists(PIECES, max_size=12).map(" ".join), max_size=4))
def test_every_promise_stands_in_its_text_and_names_one_day(texts: list[str]) -> None:
    for text, found in zip(texts, find(*texts), strict=True):
        for one in found:
            assert 0 <= one.start < one.end <= len(text)
            assert set(_time(one)) <= {"clock"} or len(set(_time(one)) - {"clock"}) == 1  # type: ignore[call-overload]
    assert find(*texts) == [found for text in texts for found in find(text)]
