"""A mail as it is sent, read into its headers and its words."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.connectors.language.functions.mime import mail_document

ALTERNATIVES = """\
From: Naz <naz@posta.example>
Subject: =?UTF-8?B?xLBhZGU=?=
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=windows-1254
Content-Transfer-Encoding: quoted-printable

Param yatmad=FD.
--a
Content-Type: text/html; charset=utf-8

<p>Param yatmadı.</p>
--a--
--m
Content-Type: text/plain
Content-Disposition: attachment; filename=fatura.txt

Her şey harika.
--m
Content-Type: message/rfc822

Subject: Teslim

Mükemmel.
--m--
"""


def test_words_are_those_of_the_mail_and_of_nothing_in_it() -> None:
    assert mail_document(ALTERNATIVES) == {
        "headers": [
            ["From", "Naz <naz@posta.example>"],
            ["Subject", "=?UTF-8?B?xLBhZGU=?="],
            ["Content-Type", "multipart/mixed; boundary=m"],
        ],
        "text": "Param yatmadı.",
        "html": "<p>Param yatmadı.</p>",
    }


@pytest.mark.parametrize("text", ["naz@posta.example", "", "\r\n"])
def test_a_text_without_headers_is_no_mail(text: str) -> None:
    assert mail_document(text) is None


def test_words_in_a_charset_that_there_is_not_are_read_as_utf_8() -> None:
    mail = mail_document("Subject: x\nContent-Type: text/plain; charset=klingon\n\nParam yatmadı.")
    assert mail is not None
    assert mail["text"] == "Param yatmadı."


@given(st.binary(max_size=200) | st.text(max_size=200))
@example(b"Subject: \xff\n\n\xff")
@example(b"a: b\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * 50)
@example(b"a: b\nContent-Transfer-Encoding: base64\n\n=====")
def test_whatever_comes_is_read_or_told(source: bytes | str) -> None:
    if (mail := mail_document(source)) is not None:
        assert all(len(header) == 2 for header in mail["headers"])
