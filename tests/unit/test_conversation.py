"""How conversations are followed while they run: read by `fast`, judged by the delivered rules."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection.conversation import EMPTY, PROOF, REMEMBERED, with_turn
from pipeline.detection.customer import decode_state
from pipeline.detection.entry import entry_of
from pipeline.detection.spans import EvidenceRef
from pipeline.model.alert import Alert
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Scored
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import START, Customer, reading

AUTHORS = {"C": AuthorType.CUSTOMER, "A": AuthorType.AGENT, "B": AuthorType.BOT}
CAUSE = "conversation_goes_wrong"

TELCO = """
C Faturamda almadığım bir paket görünüyor.
B Ne demek istediğinizi anlayamadım. Fatura tutarınızı öğrenmek ister misiniz?
C Hayır, almadığım pakete itiraz edeceğim.
B Ne demek istediğinizi anlayamadım.
C Temsilciye bağla
B Şu anda temsilcimiz yok, 7/24 dijital asistanınız yanınızda.
C peki
"""
WITHOUT_TURKISH_LETTERS = """
C siparisim nerde
B Sizi anlayamadim, farkli bir sekilde ifade eder misiniz?
C kargom gelmedi diyorum
B Anlayamadim.
C insanla gorusmek istiyorum
B Maalesef sizi bir temsilciye baglayamiyorum.
C ?
"""
WITH_AN_AGENT = """
C İnternetim üç gündür yok, bıktım artık.
A Modemi kapatıp yeniden açar mısınız?
C Onu az önce söyledim, kaç kere yaptım.
A Modemi kapatıp yeniden açar mısınız?
C Harika, çok teşekkürler, süper hizmet!
A Modeminizi kapatıp yeniden açar mısınız lütfen?
C Rezalet, kimse beni dinlemiyor!
"""
COLD = """
C Siparişim gelmedi, üç gün geçti
A Sipariş numaranızı alabilir miyim?
C 12345, az önce bota da yazdım
A Kargo firmasıyla görüşmeniz gerekiyor.
C Kargo firması size soracakmışım, beni oradan oraya atıyorsunuz
A Maalesef yapabileceğimiz bir şey yok.
C Teşekkür ederim gerçekten, çok yardımcı oldunuz
"""
ENGLISH = """
C My bill is wrong, you charged me twice
B Sorry, I didn't get that.
C I was charged twice for the same thing!
B Sorry, I didn't get that.
C I want to talk to a human
B There are no agents available right now.
C Great, thanks a lot
"""
REFUSED = """
C Faturamı öğrenmek istiyorum
B Fatura tutarınız 300 liradır.
C Müşteri temsilcisine bağlanmak istiyorum
B Şu anda müşteri temsilcimiz bulunmamaktadır.
"""
REFUSED_ENGLISH = """
C I'd like to know my balance
B Your balance is 300.
C I want to talk to a human
B There are no agents available right now.
"""
FRIENDLY = """
C Merhaba, tarifemi değiştirmek istiyorum.
B Merhaba! Sizi müşteri temsilcimize bağlıyorum, lütfen bekleyin.
C tamam
A Beklettiğim için özür dilerim, hangi tarifeye geçmek istersiniz?
C 40 GB olana
A Bir dakika lütfen.
C peki
A Tarifeniz değişti, yarın geçerli olacak.
C Çok teşekkürler, iyi günler.
"""
MISSES_ONCE = """
C Fatura kesim günüm ne zaman?
B Ne demek istediğinizi anlayamadım.
C Faturam ayın kaçında kesiliyor
B Faturanız her ayın 12'sinde kesilir.
C Teşekkürler
"""
MISSES_ONCE_AND_HANDS_OVER = """
C Faturam neden yüksek
B Sizi anlayamadım, tekrar yazar mısınız?
C Bu ayki faturam neden yüksek
B Sizi müşteri temsilcimize bağlıyorum.
A Merhaba, beklettiğim için özür dilerim. Yurt dışı kullanımınız var.
C Aa evet doğru, gitmiştim
A Yardımcı olabileceğim başka bir konu var mı?
C Yok, sağ olun
"""
FAULT = """
C İnternetim çalışmıyor
A Merhaba, yardımcı olayım. Ne zamandan beri?
C Dün akşamdan beri yok
A Bölgenizde arıza var, akşam düzelecek.
C Anladım, tazminat var mı?
A Evet, bir günlük ücret faturanızdan düşülecek.
C Tamam teşekkürler
"""
ONE_THOUGHT = """
C Merhaba
C bir sorum olacaktı
C modemim gelmedi
C kimse aramadı
C ne zaman gelir?
A Merhaba, modeminiz yarın elinizde olur.
C tamam
"""
FRIENDLY_ENGLISH = """
C Hi, can I change my delivery address?
B Hi! I'm connecting you to an agent.
C ok
A Hello, sorry for the wait. What is the new address?
C 5 Hill Street
A One moment please.
C sure
A Done, your parcel goes to 5 Hill Street.
C Thank you so much!
"""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_engine("fast"))


def turns(reader: Reader, script: str, channel: str = "chat", at: datetime = START) -> list[Scored]:
    """Return the turns of a script, forty seconds from one to the next."""
    lines = [line.split(" ", 1) for line in script.strip().splitlines()]
    events = [
        Event(
            *(f"{channel}{number}", at + timedelta(seconds=40 * number), "c1", channel),
            EventType.MESSAGE,
            text=text,
            author_type=AUTHORS[author],
        )
        for number, (author, text) in enumerate(lines, start=1)
    ]
    readings = reader.read_events(events)
    return [Scored(e, read, e.occurred_at) for e, read in zip(events, readings, strict=True)]


def rung(customer: Customer) -> list[Alert]:
    return [one for one in customer.published if one.cause == CAUSE]


def first_turn(reader: Reader, script: str) -> int | None:
    """Return the turn at which it rang, None if at none."""
    customer = Customer()
    for number, turn in enumerate(turns(reader, script), start=1):
        if any(one.cause == CAUSE for one in customer.receive(turn)):
            return number
    return None


@pytest.mark.parametrize("script", [TELCO, WITHOUT_TURKISH_LETTERS, WITH_AN_AGENT, COLD, ENGLISH])
def test_a_chat_that_goes_wrong_rings_by_its_seventh_turn(reader: Reader, script: str) -> None:
    turn = first_turn(reader, script)
    assert turn
    assert turn <= 7


@pytest.mark.parametrize("script", [REFUSED, REFUSED_ENGLISH])
def test_a_refused_person_rings_at_the_refusal(reader: Reader, script: str) -> None:
    assert first_turn(reader, script) == 4


@pytest.mark.parametrize(
    "script",
    [
        FRIENDLY,
        MISSES_ONCE,
        MISSES_ONCE_AND_HANDS_OVER,
        FAULT,
        ONE_THOUGHT,
        FRIENDLY_ENGLISH,
    ],
)
def test_other_chats_ring_never(reader: Reader, script: str) -> None:
    assert first_turn(reader, script) is None


def test_two_conversations_at_once_are_not_one(reader: Reader) -> None:
    customer = Customer()
    both = [*turns(reader, MISSES_ONCE), *turns(reader, MISSES_ONCE, "whatsapp")]
    for turn in sorted(both, key=lambda one: one.event.occurred_at):
        customer.receive(turn)
    assert rung(customer) == []


def test_the_proof_quotes_both_sides_with_the_numbers_of_their_turns(reader: Reader) -> None:
    customer = Customer()
    customer.receive(*turns(reader, TELCO))
    proof = rung(customer)[-1].evidence
    quotes = {one.turn: one.quote for one in proof}
    assert quotes[5] == "Temsilciye bağla"
    assert quotes[6] is not None
    assert quotes[6].startswith("Şu anda temsilcimiz yok")
    assert [one.event_id for one in proof] == [f"chat{one.turn}" for one in proof]


def test_thanks_are_no_proof(reader: Reader) -> None:
    customer = Customer()
    customer.receive(*turns(reader, WITH_AN_AGENT))
    assert 5 not in {one.turn for one in rung(customer)[-1].evidence}


def test_the_order_of_arrival_does_not_matter(reader: Reader) -> None:
    straight, mixed = Customer(), Customer()
    chat = turns(reader, TELCO)
    straight.receive(*chat)
    for turn in (chat[5], chat[0], *reversed(chat[1:5]), chat[6]):
        mixed.receive(turn)
    assert straight.alerts() == mixed.alerts()


def test_a_conversation_that_is_over_is_forgotten(reader: Reader) -> None:
    customer = Customer()
    customer.receive(*turns(reader, TELCO))
    customer.receive(*turns(reader, FRIENDLY, "e-mail", START + timedelta(hours=2)))
    old, new = decode_state(customer.encoded).head.memory.contacts
    assert old.conversation is None
    assert new.conversation
    assert new.conversation.turns == 9


def test_a_reference_of_the_last_release_has_no_turn() -> None:
    old = msgspec.msgpack.encode(["e1", 0, 5])
    assert msgspec.msgpack.decode(old, type=EvidenceRef) == EvidenceRef("e1", 0, 5, None)


ACTS = ["not_understood", "refuses_person", "apology", "ask_person", "repeats", "thanks"]


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(AUTHORS.values())),
            st.sampled_from(["negative", "neutral", "positive"]),
            st.sampled_from(ACTS),
        ),
        max_size=40,
    )
)
def test_a_conversation_is_bounded_and_its_counts_grow_until_a_person_comes(
    said: list[tuple[str, str, str]],
) -> None:
    now = EMPTY
    for number, (author, label, act) in enumerate(said, start=1):
        event = Event(
            *(f"e{number}", START, "c1", "chat", EventType.MESSAGE),
            text=f"söz {number % 7} üstüne söz söylenir mi",
            author_type=AuthorType(author),
        )
        read = reading(label, 0.5, Intent(act, 0, 3))  # type: ignore[arg-type]
        before, now = now, with_turn(now, entry_of(Scored(event, read, START)))
        assert now.turns == number
        if now.has_person and not before.has_person and before.company_answered:
            assert (now.setbacks, now.negative_turns) == (now.worsens, 0)
            continue
        assert now.setbacks - before.setbacks in (0, 1)
        assert now.negative_turns - before.negative_turns in (0, 1)
        assert now.worsens == (
            (now.setbacks, now.negative_turns) != (before.setbacks, before.negative_turns)
        )
    assert len(now.proof) <= PROOF
    assert len(now.said) <= REMEMBERED
    assert len(msgspec.msgpack.encode(now)) < 1_000
