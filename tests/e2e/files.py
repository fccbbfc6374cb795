"""Files like those that real companies have: complaints and tweets, with what is wrong in them."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

ISTANBUL, PACIFIC = timezone(timedelta(hours=3)), timezone(timedelta(hours=-8))
COMPLAINTS_FROM = datetime(2025, 10, 1, 0, 5, tzinfo=ISTANBUL)
TWEETS_FROM = datetime(2015, 2, 16, 20, 0, tzinfo=PACIFIC)

TURKISH = (
    "Kartımı iptal ediyorum, bir daha almam!",
    "Üç gündür cevap yok, artık yeter. Şikayetvar'a yazacağım.",
    "Param hâlâ iade edilmedi, berbat bir hizmet.",
    "Sorunum aynı gün çözüldü, teşekkür ederim.",
    "Hesap bakiyem yanlış görünüyor.",
    "REZALET!!! Telefona kimse bakmıyor 😡",
)
ENGLISH = (
    "@air worst flight ever, I will never fly with you again",
    "@air you lost my bag and nobody answers. Unacceptable!!!",
    "@air thank you so much for the great crew today :)",
    "@air what time does flight 212 leave?",
    "@air I want a refund and I'm switching to your competitor 😡",
)
USELESS_COMPLAINTS = (
    b'{"source": "sikayetvar", "id": "broken", "occurred_at": "2025-10-0',
    b'{"source": "sikayetvar", "id": "no-author", "occurred_at": "2025-10-01T10:00:00+03:00", '
    b'"text": "x"}',
    b'{"source": "sikayetvar", "id": "no-offset", "occurred_at": "2025-10-01T10:00:00", '
    b'"author": "a", "text": "x"}',
    b'{"source": "sikayetvar", "id": "six", "occurred_at": "2025-10-01T10:00:00+03:00", '
    b'"author": "a", "text": "x", "satisfaction": 6}',
    b'{"source": "sikayetvar", "id": "zero", "occurred_at": "2025-10-01T10:00:00+03:00", '
    b'"author": "a", "text": "x", "satisfaction": 0}',
)
USELESS_TWEETS = (
    b"not json at all",
    b'{"source": "twitter", "id": "latin", "occurred_at": "2015-02-17T10:00:00-08:00", '
    b'"author": "a", "text": "\xfcber"}',
    b'{"source": "twitter", "id": "", "occurred_at": "2015-02-17T10:00:00-08:00", '
    b'"author": "a", "text": "x"}',
    b'{"source": "twitter", "id": "long", "occurred_at": "2015-02-17T10:00:00-08:00", '
    b'"author": "a", "text": "' + b"x" * 20_001 + b'"}',
    b"[]",
)


class Lines(NamedTuple):
    """The lines of a file of complaints and of one of tweets, in the order of time."""

    complaints: list[bytes]
    tweets: list[bytes]


def make_lines(seed: int, complaints: int, tweets: int) -> Lines:
    """Make files from a seed; one line in 25 is there twice, some are of no use."""
    rng = Random(seed)
    return Lines(
        _spoilt(rng, [_complaint(rng, number) for number in range(complaints)], USELESS_COMPLAINTS),
        _spoilt(rng, [_tweet(rng, number) for number in range(tweets)], USELESS_TWEETS),
    )


def shuffled(lines: Lines, seed: int) -> Lines:
    """Put the lines of each file in any order."""
    rng = Random(seed)
    return Lines(*(rng.sample(part, len(part)) for part in lines))


def split(lines: Lines, late: float, seed: int) -> tuple[Lines, Lines]:
    """Take a share of the lines away: what is left, and what was taken."""
    rng = Random(seed)
    most, taken = [], []
    for part in lines:
        away = set(rng.sample(range(len(part)), round(late * len(part))))
        most.append([line for index, line in enumerate(part) if index not in away])
        taken.append([part[index] for index in sorted(away)])
    return Lines(*most), Lines(*taken)


def write(folder: Path, lines: Lines) -> tuple[Path, Path]:
    """Write both files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    complaints, tweets = folder / "complaints.jsonl", folder / "tweets.jsonl"
    complaints.write_bytes(b"\n".join(lines.complaints) + b"\n")
    tweets.write_bytes(b"\n".join(lines.tweets) + b"\n")
    return complaints, tweets


def _complaint(rng: Random, number: int) -> bytes:
    resolved = rng.random() < 0.3
    return _line(
        {
            "source": "sikayetvar",
            "id": f"{33_800_000 + number}",
            "occurred_at": _moment(COMPLAINTS_FROM, 40 * number + rng.randrange(40)),
            "author": f"c{_often_the_same(rng, 60)}",
            "brand": rng.choice(["Mavi Bank", "Çarşı"]),
            "title": "Cevap Alamıyorum",
            "text": _text(rng, TURKISH),
            "company_reply": "Talebiniz incelendi." if rng.random() < 0.15 else None,
            "resolved": True if resolved else None,
            "satisfaction": rng.choice([4, 5] if resolved else [None, 1, 1, 1, 2, 3]),
            "keywords": "Kart",
            "views": rng.randrange(1_000),
            "upvotes": 0,
        }
    )


def _tweet(rng: Random, number: int) -> bytes:
    return _line(
        {
            "source": "twitter",
            "id": f"at-{number:05}",
            "occurred_at": _moment(TWEETS_FROM, 12 * number + rng.randrange(12)),
            "author": f"t{_often_the_same(rng, 200)}",
            "brand": rng.choice(["United", "Delta", "Virgin America"]),
            "text": _text(rng, ENGLISH),
            "retweets": rng.randrange(5),
        }
    )


def _often_the_same(rng: Random, people: int) -> int:
    """Draw a person: a few write again and again."""
    return int(people * rng.random() ** 2)


def _text(rng: Random, sentences: Sequence[str]) -> str:
    return " ".join(rng.sample(sentences, rng.randint(1, 2)))


def _moment(start: datetime, minutes: int) -> str:
    return (start + timedelta(minutes=minutes)).isoformat()


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


def _spoilt(rng: Random, lines: list[bytes], useless: Iterable[bytes]) -> list[bytes]:
    again = [(index + 3, lines[index]) for index in rng.sample(range(len(lines)), len(lines) // 25)]
    broken = [(rng.randrange(len(lines)), line) for line in useless]
    for index, line in sorted([*again, *broken], reverse=True):
        lines.insert(index, line)
    return lines
