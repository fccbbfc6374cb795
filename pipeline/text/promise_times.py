"""Reads by when something is promised: the times that a sentence names, and what they mean."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from pipeline.model.reading import Promise
from pipeline.text.phrases import Phrases, Words, patterns
from pipeline.text.promise_lexicon import LEXICON, PARTS, Time, alternatives


class Place(NamedTuple):
    """A found phrase: `[start, end)` of the folded batch, in the sentence `[begin, stop)`."""

    name: str
    start: int
    end: int
    begin: int
    stop: int


class Moment(NamedTuple):
    """A time that a sentence names: phrases of a day and of a time of that day, or one of them."""

    start: int
    end: int
    begin: int
    day: Place | None
    clock: Place | None


def find_times(words: Words, said: Sequence[Place]) -> list[Moment]:
    """Return the times that the sentences of the promises name, in order."""
    sentences = {place.begin: place for place in said}
    begins = list(sentences)
    within = np.zeros(len(words.places) + 1, np.int8)
    bounds = [bound for begin, place in sentences.items() for bound in (begin, place.stop)]
    np.add.at(within, np.searchsorted(words.places, bounds), [1, -1] * len(begins))
    times = [
        sentences[begins[bisect_right(begins, start) - 1]]._replace(name=name, start=start, end=end)
        for name, start, end in _TIMES.find(words.of(np.cumsum(within[:-1]) > 0))
    ]
    return _joined(times, words.text)


def _joined(times: Sequence[Place], text: str) -> list[Moment]:
    """Return the times, those that are parts of one as one: "tomorrow by 5 pm".

    Of two days that are alternatives the latter counts: "today or tomorrow".
    """
    moments: list[Moment] = []
    for place in times:
        parts = (None, place) if _form(place).is_clock else (place, None)
        moment = Moment(place.start, place.end, place.begin, *parts)
        last = moments[-1] if moments else None
        if last and last.begin == place.begin and _BESIDE.fullmatch(text, last.end, place.start):
            moments[-1:] = _with(last, moment, text)
        else:
            moments.append(moment)
    return moments


def _with(last: Moment, then: Moment, text: str) -> list[Moment]:
    """Return one moment of two that stand side by side, or both where they are apart."""
    forms = [_form(one.day) for one in (last, then) if one.day]
    if any(form.hours is not None for form in forms):
        return [last, then]
    if last.day and then.day and not _ALTERNATIVE.search(text, last.end, then.start):
        dated = [one for one in (last, then) if one.day and _form(one.day).reads in _DATES]
        day = (dated or [then])[0].day
    else:
        day = then.day or last.day
    clocks = [one.clock for one in (then, last) if one.clock]
    exact = [clock for clock in clocks if _form(clock).reads]
    return [Moment(last.start, then.end, last.begin, day, next(iter((*exact, *clocks)), None))]


def _form(place: Place) -> Time:
    return LEXICON.times[place.name]


def promise_by(what: str, time: Moment | None, text: str, start: int, end: int) -> Promise:
    """Return the promise of characters `[start, end)` with a time of the folded text."""
    if not time:
        return Promise(what, None, None, False, start, end)
    form = _form(time.day) if time.day else _ANY_DAY
    phrase = text[time.day.start : time.day.end] if time.day else ""
    times = _amount(phrase) if form.each else 1.0
    clock = _clock(time.clock, text) if time.clock else None
    if clock is None and not time.day:  # until the day ends
        form = _TODAY
    return Promise(
        what,
        None if form.hours is None else round(form.hours * times, 2),
        None if form.days is None else round(form.days * times),
        form.working,
        start,
        end,
        _weekday(phrase, form),
        _date(phrase, form) if form.reads in _DATES else None,
        clock,
        form.weeks,
        None if form.months is None else round(form.months * times),
        _monthday(phrase, form),
    )


def _amount(phrase: str) -> float:
    """Return the number of a phrase, the latter of two: `24-48 saat` is 48."""
    latter = _RANGE.split(phrase)[-1]
    words = _NUMBER.findall(latter)
    return sum(_number(word) for word in words)


def _number(word: str) -> float:
    return LEXICON.numbers.get(word) or float(word.replace(",", "."))


def _weekday(phrase: str, form: Time) -> int | None:
    """Return the weekday that a phrase names, or that of its form."""
    if form.reads != "weekday":
        return form.weekday
    return next((n for name, n in LEXICON.weekdays.items() if name in phrase), form.weekday)


def _date(phrase: str, form: Time) -> str:
    """Return `MM-DD` of a date, of two days the latter; a month alone has the form's day.

    Of day and month as numbers the day is the first, unless that can be none; where it may be
    either, it is the later date.
    """
    numbers = [int(number) for number in re.findall(r"\d+", phrase)][:2]
    month = next((n for name, n in LEXICON.months.items() if name in phrase), None)
    pairs = [(month, [form.monthday or 0, *numbers][-1])] if month else [numbers[::-1], numbers]
    days = [f"{month:02}-{min(max(day, 1), 31):02}" for month, day in pairs if 1 <= month <= 12]
    return max(days) if form.reads == "either_date" else days[0]


def _monthday(phrase: str, form: Time) -> int | None:
    """Return the day of a month whose name is not said."""
    if form.reads == "monthday":
        return min(max(int(re.findall(r"\d+", phrase)[-1]), 1), 31)
    return None if form.reads else form.monthday


def _clock(place: Place, text: str) -> str | None:
    """Return `HH:MM`, or `close`, of a time of day; None if it is the day's end.

    Of two the latter counts. An hour up to seven, without a word of when, is in the afternoon.
    """
    form, phrase = _form(place), text[place.start : place.end]
    if form.clock:
        return form.clock if form.clock != _MIDNIGHT else None
    said, minutes = next(reversed(_HOUR.findall(phrase)), ("", ""))
    hour = int(said or sum(map(_number, _HOUR_WORD.findall(phrase))))
    of_day = said[:1] == "0" or _MORNING.search(phrase)
    if _AFTERNOON.search(phrase) or (hour < 8 and not of_day):
        hour += 12 * (hour < 12)
    elif hour == 12 and _MORNING.search(phrase):
        hour = 0
    half = "30" if "bucuk" in phrase else "00"
    return f"{hour:02}:{minutes or half}" if hour < 24 else None


_MIDNIGHT: Final = "24:00"
_DATES: Final = ("date", "either_date")
_ANY_DAY: Final = Time([])
_TODAY: Final = Time([], days=0)
_TIMES: Final = Phrases(
    patterns({name: time.phrases for name, time in LEXICON.times.items()}, PARTS)
)
_BESIDE: Final = re.compile(rf"[ ,]*(?:(?:{LEXICON.beside}|{LEXICON.alternative})[ ,]*)*")
_ALTERNATIVE: Final = re.compile(LEXICON.alternative)
_RANGE: Final = re.compile(r" ?[-–/] ?| (?:ile|ila|veya|ya da|to|or) ")
_WORD: Final = alternatives(LEXICON.numbers)
_NUMBER: Final = re.compile(rf"\d+(?:[.,]\d+)?|(?<![a-z]){_WORD}(?![a-z])")
_HOUR: Final = re.compile(r"(\d{1,2})(?:[.:](\d\d))?")
_HOUR_WORD: Final = re.compile(rf"(?<![a-z]){_WORD}(?=(?:[dt][ae]n?|y?[ae])?(?![a-z]))")
_AFTERNOON: Final = re.compile(r"p\.?m\b|aksam|ogle|gece (?:saat )?(?:[6-9]|1[01])")
_MORNING: Final = re.compile(r"a\.?m\b|sabah|gece")
