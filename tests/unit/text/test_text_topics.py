"""What a text is about, clause by clause."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.privacy import redact
from pipeline.model.reading import Reading
from pipeline.text.reader import Reader
from pipeline.text.topics import TAXONOMY
from tests.unit.text.engines import Wordy


def read(text: str) -> Reading:
    (reading,) = Reader(Wordy()).read([text], [None])
    return reading


def clauses(text: str) -> list[tuple[str, str, str]]:
    """Name, label and clause of each topic."""
    return [(one.name, one.label, text[one.start : one.end]) for one in read(text).topics]


def names(text: str) -> set[str]:
    return {one.name for one in read(text).topics}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kargom beş gündür gelmedi", {"delivery", "waiting_time"}),
        ("SİPARİŞİM HÂLÂ ELİME ULAŞMADI", {"delivery"}),
        ("kurye paketi kapiya birakip gitmis", {"delivery"}),
        ("My parcel never arrived", {"delivery"}),
        ("Ürünü iade etmek istiyorum", {"product_quality", "return_refund"}),
        ("I want a refund", {"return_refund"}),
        ("Faturam bu ay iki katı geldi", {"billing"}),
        ("Hesabımdan aidat kesilmiş", {"billing"}),
        ("I was charged twice", {"billing"}),
        ("Kredi kartımın limitini yükseltin", {"card"}),
        ("My contactless card stopped working", {"card", "product_quality"}),
        ("Mobil uygulama sürekli donuyor", {"app_site"}),
        ("the app keeps crashing", {"app_site"}),
        ("Mobil şubeye giremiyorum", {"app_site", "account_access"}),
        ("Kadıköy şubesinde sıra bekledim", {"branch_store", "waiting_time"}),
        ("The ATM swallowed it", {"branch_store"}),
        ("Temsilci çok kabaydı", {"staff_behaviour"}),
        ("Your agent hung up on me", {"staff_behaviour"}),
        ("Müşteri hizmetlerine bağlanamıyorum", {"waiting_time"}),
        ("on hold for 50 minutes", {"waiting_time"}),
        ("Evde telefon çekmiyor", {"network_outage"}),
        ("İnternetim üç kez kesildi", {"network_outage"}),
        ("no signal at home", {"network_outage"}),
        ("Kampanya bitti diye fiyatı artırmışlar", {"price_campaign"}),
        ("Internet paketim erken bitti", {"price_campaign"}),
        ("far too expensive", {"price_campaign"}),
        ("Dolandırıcılar kartımı kopyalamış", {"security_fraud", "card"}),
        ("a transaction that I did not make", {"security_fraud"}),
        ("Kumaşı ince, dikişleri sökülmüş", {"product_quality"}),
        ("it fell apart after a week", {"product_quality"}),
        ("Şifremi unuttum", {"account_access"}),
        ("I am locked out of my account", {"account_access"}),
        ("Aboneliğimi iptal edin", {"cancellation"}),
        ("please cancel it", {"cancellation"}),
        ("Bu zamanda karşıma çıkma", set()),
        ("İnternetten gördüm, sim kart taktım", set()),
        ("Have a nice day everyone", set()),
        ("", set()),
    ],
)
def test_knows_what_a_text_is_about(text: str, expected: set[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ürün iyi ama kargo berbat",
            [
                ("product_quality", "positive", "Ürün iyi"),
                ("delivery", "negative", "ama kargo berbat"),
            ],
        ),
        (
            "Great product, but the delivery was terrible!!!",
            [
                ("product_quality", "positive", "Great product"),
                ("delivery", "negative", "but the delivery was terrible!!!"),
            ],
        ),
        (
            "Kargo hızlı.Fiyatı 1.620,50 TL, pahalı",
            [
                ("delivery", "positive", "Kargo hızlı."),
                ("price_campaign", "negative", "Fiyatı 1.620,50 TL, pahalı"),
            ],
        ),
        (
            "Fiyatı iyi olmasına rağmen kalitesi kötü",
            [
                ("price_campaign", "positive", "Fiyatı iyi olmasına rağmen"),
                ("product_quality", "negative", "kalitesi kötü"),
            ],
        ),
        (
            "şube güzel 😊 uygulama berbat 😡",
            [
                ("branch_store", "positive", "şube güzel 😊"),
                ("app_site", "negative", "uygulama berbat 😡"),
            ],
        ),
        (
            "Fatura geldi\nİnternet berbat https://t.co/x",
            [
                ("billing", "neutral", "Fatura geldi"),
                ("network_outage", "negative", "İnternet berbat https://t.co/x"),
            ],
        ),
        (
            "Ürün, kargo, fiyat iyi",  # a list is one clause
            [
                ("product_quality", "positive", "Ürün, kargo, fiyat iyi"),
                ("delivery", "positive", "Ürün, kargo, fiyat iyi"),
                ("price_campaign", "positive", "Ürün, kargo, fiyat iyi"),
            ],
        ),
    ],
)
def test_each_clause_has_a_polarity_of_its_own(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert clauses(text) == expected


def test_a_topic_is_told_once_a_label() -> None:
    text = "Kargo berbat. Kargo kötü. Kargo iyi."
    assert clauses(text) == [
        ("delivery", "negative", "Kargo berbat."),
        ("delivery", "positive", "Kargo iyi."),
    ]


def test_the_engine_is_asked_once_more_and_only_where_several_clauses_are_about_something() -> None:
    engine = Wordy()
    texts = ["kargo berbat", "Merhaba. Uygulama iyi.", "ürün iyi ama kargo kötü", "fatura; şube"]
    readings = Reader(engine).read(texts, ["tr"] * 4)
    assert [sorted(question) for question in engine.asked[1:]] == [
        ["ama kargo kötü", "fatura;", "ürün iyi", "şube"]
    ]
    assert [one.label for one in readings[1].topics] == ["positive"]
    Reader(engine).read(texts[:2], ["tr"] * 2)
    assert len(engine.asked) == 3


def test_a_topic_has_a_title_in_both_languages() -> None:
    titles = [msgspec.to_builtins(subject.title) for subject in TAXONOMY.topics.values()]
    for language in ("tr", "en"):
        assert len({title[language] for title in titles}) == len(titles)


def test_what_is_found_stands_at_the_same_place_once_personal_data_are_masked() -> None:
    text = "Numaram 0532 123 45 67. Param çekildi ama kargo gelmedi! Avukatıma gideceğim."
    before, after = read(text), read(redact(text))
    assert redact(text) != text
    assert (before.topics, before.intents) == (after.topics, after.intents)
    assert [text[one.start : one.end] for one in after.topics] == [
        "Param çekildi",
        "ama kargo gelmedi!",
    ]


PIECES = st.lists(
    st.one_of(
        st.sampled_from(["kargo berbat", "ÜRÜN İYİ", "fatura", "bir daha almam", "ama", "rağmen"]),
        st.sampled_from(["İstanbul’da", "çooook", "ﬁ", "1.620", "https://t.co/x", "😡", "👍🏽"]),
        st.sampled_from([",", ".", "!!!", "\n"]),
        st.text(st.characters(), max_size=6),
    ),
    max_size=12,
)


@given(st.lists(PIECES, max_size=4), st.sampled_from(["", " "]))
@settings(max_examples=200)
def test_whatever_is_typed_and_beside_what_a_span_is_of_its_own_text(
    texts: list[list[str]], between: str
) -> None:
    typed = [between.join(pieces) for pieces in texts]
    together = Reader(Wordy()).read(typed, [None] * len(typed))
    for text, reading in zip(typed, together, strict=True):
        assert reading == read(text)
        for span in (*reading.intents, *reading.topics):
            assert 0 <= span.start < span.end <= len(text)


@given(st.text(st.characters(exclude_categories=("L", "N", "M")), max_size=8))
@settings(max_examples=100)
def test_noise_does_not_move_a_clause(noise: str) -> None:
    text = f"Selam {noise}. Ürün iyi ama KARGO çok berbat"
    assert ("delivery", "negative", "ama KARGO çok berbat") in clauses(text)
