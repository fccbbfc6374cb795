"""Who passes a customer on mends nothing, a person who comes does; a thread is a conversation."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection.conversation import EMPTY, Conversation, with_turn
from pipeline.detection.entry import entry_of
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Scored
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import START, Customer, reading
from tests.unit.test_conversation import TELCO, first_turn, rung, turns

FORWARDS = """
C On gündür internetim yok, kimse gelmiyor.
A Talebinizi ilgili birime iletiyorum.
C Bunu geçen hafta da dediniz, yine aynı şey.
A Kaydınızı teknik birime ilettim.
C Yeter artık, iletmekten başka bir şey yapmıyorsunuz!
A Konuyu yetkili birime iletiyorum.
C Böyle bir ilgisizlik görmedim
"""
FORWARDS_ENGLISH = """
C My internet has been down for ten days.
A I'm escalating your request to the team.
C You said that last week. Nothing happened.
A I have forwarded your ticket.
C This is useless. Nobody ever calls me.
A I am forwarding your case again.
C Terrible, nobody cares
"""
CONNECTS_NEVER = """
C temsilciye bagla
B Sizi temsilciye bagliyorum.
C temsilciye bagla dedim
B Sizi temsilciye bagliyorum.
C dalga mi geciyorsun temsilciye bagla
B Sizi temsilciye bagliyorum.
C ben sana ne diyorum
"""
REFUSED_IN_WORDS_UNREAD = """
C Bir insanla konuşmak istiyorum
B Bu hizmeti yalnızca ben verebiliyorum :)
C canlı destek
B Canlı desteğimiz hafta içi 9-18 arasındadır, lütfen o saatlerde yazın
C ya acil diyorum gerçek biri lazım
B Sorunuzu buraya yazabilirsiniz.
C yazdım cevap vermiyorsun ki
"""
FORWARDS_ONCE = """
C Merhaba, internetim çok yavaş
B Sizi bir temsilcimize aktarıyorum, lütfen bekleyin.
C bekliyorum
A Merhaba, ben Ali. Hemen kontrol ediyorum.
C tamam
A Talebinizi teknik ekibe iletiyorum, bugün bakacaklar.
C peki, sağ olun
A Kaydınızı ilettim. Başka bir isteğiniz var mı?
C Yok, teşekkürler
"""
A_PERSON_COMES = """
C Faturam yanlış
B Ne demek istediğinizi anlayamadım.
C Fatura yanlış diyorum
B Ne demek istediğinizi anlayamadım.
A Merhaba, ben Ece. Bekletmeyeyim, konu nedir?
C İki kez ücret alınmış, kötü oldu
A Tutarı hesabınıza iade ettim.
C teşekkürler
"""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_engine("fast"))


@pytest.mark.parametrize(
    "script", [FORWARDS, FORWARDS_ENGLISH, CONNECTS_NEVER, REFUSED_IN_WORDS_UNREAD]
)
def test_who_is_not_met_by_a_person_rings_by_the_seventh_turn(reader: Reader, script: str) -> None:
    turn = first_turn(reader, script)
    assert turn
    assert turn <= 7


@pytest.mark.parametrize("script", [FORWARDS_ONCE, A_PERSON_COMES])
def test_who_is_met_by_a_person_does_not_ring(reader: Reader, script: str) -> None:
    assert first_turn(reader, script) is None


@pytest.mark.parametrize("minutes", [35, 600, 1439])
def test_a_thread_of_a_ticket_rings_as_a_chat_does(reader: Reader, minutes: int) -> None:
    customer = Customer()
    for number, turn in enumerate(turns(reader, TELCO)):
        event = msgspec.structs.replace(
            turn.event,
            occurred_at=START + number * timedelta(minutes=minutes),
            type=EventType.TICKET_REPLIED if number else EventType.TICKET_OPENED,
            ticket_id="T1",
        )
        customer.receive(msgspec.structs.replace(turn, event=event))
    assert rung(customer)


def test_a_channel_that_is_written_in_two_ways_is_one(reader: Reader) -> None:
    customer = Customer()
    for turn in turns(reader, TELCO):
        channel = "chat" if turn.event.author_type is AuthorType.CUSTOMER else "Chat "
        event = msgspec.structs.replace(turn.event, channel=channel)
        customer.receive(msgspec.structs.replace(turn, event=event))
    assert rung(customer)


def test_a_conversation_of_an_older_version_still_opens() -> None:
    old = msgspec.msgpack.encode(list(msgspec.structs.astuple(Conversation(turns=3)))[:-2])
    assert msgspec.msgpack.decode(old, type=Conversation) == Conversation(turns=3)


ACTS = ["not_understood", "refuses_person", "hands_over", "forwards", "cannot_help"]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["customer", "bot"]), st.sampled_from(ACTS))))
def test_nothing_that_a_bot_says_mends(said: list[tuple[str, str]]) -> None:
    now = EMPTY
    for number, (author, act) in enumerate(said):
        event = Event(
            *(f"e{number}", START, "c1", "chat", EventType.MESSAGE),
            text="söz",
            author_type=AuthorType(author),
        )
        read = reading("neutral", 0.5, Intent(act, 0, 3))
        before, now = now, with_turn(now, entry_of(Scored(event, read, START)))
        assert now.setbacks >= before.setbacks
        assert now.bot_misses >= before.bot_misses
