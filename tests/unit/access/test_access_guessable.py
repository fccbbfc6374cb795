"""Which passwords are refused since they are the first to be guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.guessable import is_guessable
from tests.support.login_api import PASSWORD

CONTEXT = ("Nabız", "ayse.kaya", "Acme Kargo", "nabiz.acme.com.tr")


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "Password2026!", "P@ssw0rd1234", "123456789012", "qwertyuiop12"),
        *("q1w2e3r4t5y6", "1a2b3c4d5e6f", "A1s2d3f4g5h6!", "müşterideneyimi", "Mustafa.Kemal"),
        *("1q2w3e4r5t6y", "qazwsxedcrfv", "aaaaaaaaaaaa", "abcabcabcabc", "111222333444"),
        *("Şifre1234567", "Parola123456", "galatasaray1905", "İstanbul34.34", "iloveyou2026"),
        *("nabiz-nabiz-nabiz", "NabızNabız2026", "nabiz2026acme!", "Acme.Kargo.2026"),
        *("aysekaya1990", "Ayse-Kaya-123", "ayse@acme.com1", "acmekargo1234", "KAYA kaya KAYA"),
    ],
)
def test_common_ones_and_those_that_speak_of_us_are_refused(password: str) -> None:
    assert is_guessable(password, CONTEXT)


@pytest.mark.parametrize(
    "password",
    [
        *(PASSWORD, "another password", "correct horse battery", "ucan balik 7 tepe"),
        *("x8Kq2mZp91Lw", "tren-masa-bulut", "merhaba dünya nasılsın", "ayse limon 12 perde"),
    ],
)
def test_a_few_words_and_chance_make_a_good_one(password: str) -> None:
    assert not is_guessable(password, CONTEXT)


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_judged_and_its_repetition_no_better(password: str, context: list[str]) -> None:
    if is_guessable(password, context) and len(password) < 8:
        assert is_guessable(password * 3, context)
