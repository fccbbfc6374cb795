import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.reading import Intent
from pipeline.text.intents import cannot_wait, find_acts, find_intents
from pipeline.text.normalise import fold
from pipeline.text.phrases import Matches, words_of


def find(texts: list[str]) -> list[tuple[Intent, ...]]:
    folded = fold(texts)
    return find_intents(folded, Matches(words_of(folded)))


def found(text: str) -> list[tuple[str, str]]:
    (of_text,) = find([text])
    return [(intent.name, text[intent.start : intent.end]) for intent in of_text]


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("churn", "iptal ediyorum"),
        ("churn", "iptal edeceğim"),
        ("churn", "iptal edicem"),
        ("churn", "iptal ettirmek istiyorum"),
        ("churn", "aboneliğimi iptal ediyorum"),
        ("churn", "Hattımı Vodafone’a taşıyorum"),
        ("churn", "hattimi tasiyacagim"),
        ("churn", "BAŞKA BANKAYA GEÇİYORUM"),
        ("churn", "başka bir operatöre geçmeyi düşünüyorum"),
        ("churn", "vodafone'a geçiyorum"),
        ("churn", "hesabımı kapatacağım"),
        ("churn", "cancel my account"),
        ("churn", "cancelling our subscription"),
        ("churn", "switching to Verizon"),
        ("churn", "taking my business elsewhere"),
        ("churn", "you just lost a customer"),
        ("churn", "sözleşmem biter bitmez ayrılacağım"),
        ("churn", "taahhüdüm dolunca sizde kalmam"),
        ("boycott", "this will be our last purchase"),
        ("ask_exit", "Taahhüt dolmadan hattı iptal"),
        ("ask_exit", "sözleşmem bitmeden ayrılabilir"),
        ("ask_exit", "ayrılırsam kaç lira ödeyeceğim"),
        ("ask_exit", "üyelik iptal formu"),
        ("ask_exit", "how much will it cost to leave"),
        ("ask_term", "taahhüdüm ne zaman doluyor"),
        ("ask_term", "when will our contract expire"),
        ("boycott", "bir daha almam"),
        ("boycott", "Bir daha asla alışveriş yapmam"),
        ("boycott", "bi daha sizden alışveriş yapmayacağım"),
        ("boycott", "bir daaaaha almaaam"),
        ("boycott", "never again"),
        ("boycott", "never buying from you"),
        ("boycott", "I will never fly with you again"),
        ("go_public", "şikayetvar'a yazacağım"),
        ("go_public", "Şikayetvar’a yazıcam"),
        ("go_public", "sosyal medyada paylaşacağım"),
        ("go_public", "will post this on Twitter"),
        ("legal", "Tüketici Hakem Heyeti’ne"),
        ("legal", "BDDK'ya"),
        ("legal", "CİMER'e"),
        ("legal", "BTK'ya"),
        ("legal", "dava açacağım"),
        ("legal", "my lawyer"),
        ("legal", "I'll sue you"),
        ("thanks", "teşekkür ederim"),
        ("thanks", "Thanks"),
        ("thanks", "Allah razı olsun"),
        ("thanks", "ellerinize sağlık"),
        ("ask_status", "kargom nerede"),
        ("ask_person", "Temsilciye bağla"),
        ("ask_person", "insanla görüşmek istiyorum"),
        ("ask_person", "musteri temsilcisi istiyorum"),
        ("ask_person", "gerçek biriyle konuşabilir miyim"),
        ("ask_person", "botla konuşmak istemiyorum"),
        ("ask_person", "I want to talk to a human"),
        ("repeats", "az önce söyledim"),
        ("repeats", "aynı şeyi üç kere yazdım"),
        ("repeats", "I already told you"),
        ("ask_status", "where is my order"),
    ],
)
def test_finds_the_phrase_where_it_stands(name: str, phrase: str) -> None:
    assert found(f"İşte 😡 böyle: {phrase}!") == [(name, phrase)]


@pytest.mark.parametrize("text", ["👍", "🙏🏽 ❤️!", " 🙏"])
def test_kind_pictures_alone_are_thanks(text: str) -> None:
    assert found(text) == [("thanks", text.strip())]


@pytest.mark.parametrize(
    "text",
    [
        "siparişim iptal edildi",
        "siparişimi iptal ediyorum",
        "you cancelled my account",
        "taahhüt bitmeden zam yapmışsınız",
        "taahhüdüm bitmeden hattımı kapattınız",
        "sözleşme bitince indirim var mı",
        "yurt dışına çıkarsam kaç lira ödeyeceğim",
        "my last order was great",
        "karşıya geçiyorum",
        "bir daha deneyeceğim",
        "bir daha alırım",
        "artık gelmiyor",
        "ben bunu almam lazım",
        "Twitter'da gördüm",
        "we had to switch to a different flight",
        "switching to dark mode does not work",
        "I never use it",
        "no thanks",
        "thanks for nothing",
        "👎👍",
        "👍 😡",
        "tamam 👍",
        "teşekkür etmiyorum",
        "şikayetim var",
        "subtle",
        "",
    ],
)
def test_is_not_fooled(text: str) -> None:
    assert found(text) == []


def test_spans_are_of_each_text_of_a_batch() -> None:
    texts = ["ÇOOOOK kötü, bir daha almam", "", "Thanks! I'm cancelling my contract"]
    quotes = [
        [text[i.start : i.end] for i in of_text]
        for text, of_text in zip(texts, find(texts), strict=True)
    ]
    assert quotes == [["bir daha almam"], [], ["Thanks", "cancelling my contract"]]


def test_only_a_text_with_an_urgent_intent_cannot_wait() -> None:
    texts = [
        "Siparişim nerede?",
        "Avukatıma danışacağım",
        "",
        "Thanks!",
        "I'm switching to Verizon",
    ]
    assert cannot_wait(texts) == [False, True, False, False, True]


NOISE = st.text(st.characters(exclude_categories=("L", "N", "M")), max_size=8)


@given(NOISE, NOISE)
@settings(max_examples=100)
def test_noise_around_a_phrase_does_not_move_its_span(before: str, after: str) -> None:
    text = f"{before} bir daha ALMAM {after}"
    assert found(text) == [("boycott", "bir daha ALMAM")]


def test_what_is_quoted_does_not_ring() -> None:
    quoted = "> Sizi mahkemeye veriyorum, avukatım arayacak.\n> Bir daha almam."
    assert cannot_wait([quoted]) == [True]
    assert cannot_wait([f"{quoted}\n\nTamam, çözüldü.\n"]) == [False]


@pytest.mark.parametrize(
    "text", ["temsilci", "Canlı destek", "INSAN", "human", "talk to a person."]
)
def test_who_is_asked_for_may_be_all_that_is_said(text: str) -> None:
    assert [name for name, _ in found(text)] == ["ask_person"]
    assert found(f"Dün {text} ile bir saat geçti") == []


@pytest.mark.parametrize(
    ("act", "text"),
    [
        ("not_understood", "Ne demek istediğinizi anlayamadım. Faturanızı öğrenmek ister misiniz?"),
        ("not_understood", "sizi anliyamadim"),
        ("not_understood", "Mesajınız anlaşılamadı"),
        ("not_understood", "I didn't quite get that."),
        ("not_understood", "Could you please rephrase?"),
        ("cannot_help", "Bu konuda size yardımcı olamıyorum"),
        ("cannot_help", "We are unable to help you with that"),
        ("refuses_person", "Şu anda temsilcimiz yok, dijital asistanınız yanınızda."),
        ("refuses_person", "Sizi maalesef bir temsilciye bağlayamıyorum"),
        ("refuses_person", "Canli destege baglanmaniz mumkun degil"),
        ("refuses_person", "No agents are available right now"),
        ("refuses_person", "I'm unable to transfer you"),
        ("refuses_person", "I can't transfer you to an agent right now."),
        ("apology", "Yaşadığınız sorun için özür dileriz"),
        ("apology", "We apologize for the inconvenience"),
        ("asks_to_wait", "Tüm temsilcilerimiz meşgul"),
        ("asks_to_wait", "Bir dakika lütfen"),
        ("asks_to_wait", "Please hold"),
        ("hands_over", "Sizi temsilciye bağlıyorum"),
        ("hands_over", "Let me get a colleague to help you"),
        ("forwards", "Talebinizi ilgili ekibe ilettim"),
        ("forwards", "Kaydiniz teknik birime iletildi"),
        ("forwards", "I have forwarded your request to the team"),
        ("hands_over", "I'm connecting you to a live agent"),
    ],
)
def test_reads_what_a_turn_of_the_company_does(act: str, text: str) -> None:
    assert acts(text) == [act]


@pytest.mark.parametrize(
    "text",
    [
        "Temsilcimiz yok mu diye sordunuz",
        "Canlı destek hattımız 7/24 hizmet vermektedir",
        "Anladım, hemen bakıyorum",
        "Anlayamadığınız bir konu varsa yazabilirsiniz",
        "Size nasıl yardımcı olabilirim?",
        "I understand that, thanks",
    ],
)
def test_a_turn_that_only_sounds_like_an_act_does_nothing(text: str) -> None:
    assert acts(text) == []


def acts(text: str) -> list[str]:
    folded = fold([text])
    (done,) = find_acts(folded, Matches(words_of(folded)))
    return [act.name for act in done]
