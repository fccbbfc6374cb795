"""Finds what is quoted in a message, and Google's translations.

All works on a page: a line break, and the text in plain letters (`letter_patterns.plain`). So each
line begins with a line break, which a search can skip to.
"""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.text.letter_patterns import LEXICON, WORD, Span, any_in, any_of, pattern


def quoted(page: str) -> Iterator[Span]:
    """Yield what is quoted, in order, with the lines that say so.

    Below such a line all is quoted, unless quoted lines are marked: then others may be answers. If
    nothing stands above it, the author forwards or answers below, and what follows stays.
    """
    spans = [(*span, True) for span in _headers(page)]
    if spans or not _lists(page):
        spans += [(line.start() + 1, line.end() + 1, False) for line in _MARK.finditer(page)]
    end, is_answer = 0, False
    for start, stop, is_header in sorted(spans):
        if start < end:
            continue
        is_answer = is_answer or WORD.search(page, end, start) is not None
        if is_header and is_answer and not _MARK_BEHIND.match(page, stop):
            yield start, len(page)
            return
        yield start, stop
        end = stop


def translated(page: str) -> Iterator[Span]:
    """Yield what Google translated, with the marks of it and of the original."""
    found = _TRANSLATED.search(page)
    original = _ORIGINAL.search(page)
    if not found or (original and original.start() < found.start()):
        if found and original:
            yield original.span()
            yield found.start(), len(page)
        return
    yield found.start(), original.end() if original else len(page)


def _headers(page: str) -> Iterator[Span]:
    """Yield the lines below which something is quoted."""
    yield from (line.span() for line in _LINE.finditer(page))
    if _ABOUT.search(page):
        for form in (_BLOCK, _LABELS_IN_A_LINE):
            yield from (one.span() for one in form.finditer(page) if _is_of_mail(page, *one.span()))
    last = 0
    for ending in _ATTRIBUTION_END.finditer(page):
        begin, end = max(last, ending.end() - _LONGEST), ending.end()
        # The one that begins last takes least of what stands before it.
        found = [one.start() for form in _ATTRIBUTIONS if (one := form.search(page, begin, end))]
        if (
            not found
            and _MARK_BEHIND.match(page, end)
            and (one := _LIKELY.search(page, begin, end))
        ):
            found = [one.start()]
        if found:
            yield max(found), end
        last = end


def _is_of_mail(page: str, start: int, end: int) -> bool:
    """Return whether a block of labels is of quoted mail, not of a form or slip.

    The less a block looks like mail, the more signs it takes.
    """
    block = page[start : end + _LONGEST_SIGN]
    signs = sum(sign.search(block) is not None for sign in _SIGNS)
    doubts = 0 if _TIME.search(block) else 1
    if _is_led_into(page, start, _LEADS_IN) or _is_led_into(page, start, _HEADS_A_FORM):
        doubts += 1
    return signs > 0 and signs + bool(_MAILED.search(block)) > doubts


def _lists(page: str) -> bool:
    """Return whether the author's own words lead into all marked lines: they are a list."""
    runs = _MARKS.finditer(page)
    return all(_is_led_into(page, run.start(), _LEADS_IN) for run in runs)


def _is_led_into(page: str, place: int, lead: re.Pattern[str]) -> bool:
    """Return whether the line above a place is such a lead, and no attribution."""
    above = _TWO_LINES.search(page, max(0, place - _LONGEST), place)
    return above is not None and bool(lead.search(above[1])) and not _NO_LEAD.search(above[0])


def _labels() -> dict[str, str]:
    return {
        name: rf"[ \t*_>]{{0,4}}{any_of(those)}[ \t*_]{{0,3}}:"
        for name, those in LEXICON.labels.items()
    }


def _block() -> str:
    """Return the pattern of lines with labels: from whom, when, about what."""
    labels, time = _labels(), pattern("{time}")
    when = rf"\n{labels['sent']}[^\n]{{0,60}}(?:{time}|{pattern('{date}')})[^\n]*"
    about, others = rf"\n{labels['subject']}[^\n]*", r"(?:\n[^\n]{0,300}){0,6}?"
    return (
        rf"\n(?:[ \t]*[_-]{{5,}}[ \t]*\n\s{{0,4}})?{labels['from']}[^\n]*"
        rf"(?:{others}{when}{others}{about}|{others}{about}{others}{when})"
        rf"(?:\n{{1,3}}{labels['to']}[^\n]*){{0,4}}"
    )


def _in_a_line() -> str:
    """Return the pattern of the same labels where the line breaks are lost."""
    labels, time, address = _labels(), pattern("{time}"), pattern("{address}")
    return (
        rf"(?<!\S){labels['from']} [^\n]{{1,120}}{address} {{0,3}}{labels['sent']}"
        rf"[^\n]{{1,60}}{time}[^\n]{{1,300}}?{labels['subject']}"
    )


_LONGEST: Final = 420
"""Characters of an attribution."""
_LONGEST_SIGN: Final = 12
"""Characters of a sign that may stand behind a block."""
_MARK: Final = re.compile(r"\n[ \t]*>(?![:;=_.<)(-]|\d)[^\n]*")
_NEAR: Final = r"(?:\n\s{0,3}>[^\n]*)"
_MARKS: Final = re.compile(rf"{_NEAR}{{0,5}}?{_MARK.pattern}{_NEAR}*")
_MARK_BEHIND: Final = re.compile(rf"\s*{_MARK.pattern}")
_ATTRIBUTION_END: Final = re.compile(pattern(LEXICON.attribution_ends))
_ATTRIBUTIONS: Final = [
    re.compile(rf"(?<!\S){pattern(form)}(?:[ \t]?:|(?<=--))\Z", re.MULTILINE | re.DOTALL)
    for forms in LEXICON.attributions.values()
    for form in forms
]
_LIKELY: Final = re.compile(rf"{any_of(LEXICON.likely_attributions)}[ \t]?:\Z", re.MULTILINE)
_LINE: Final = re.compile(
    rf"\n[ \t*>]*(?:-{{2,}}[ \t]?{any_of(LEXICON.dashed.values())}[ \t]?-{{2,}}"
    rf"|{any_in(LEXICON.separators)})[ \t*]*(?=\n|\Z)"
)
_BLOCK: Final = re.compile(_block())
_SIGNS: Final = [
    re.compile(rf"(?<!\w)(?:{form})")
    for labels in [_labels()]
    for form in (
        r"\n[ \t]*_{5}",
        rf"{labels['from']}[^\n]*(?:{pattern('{address}')}|\S@\S)",
        rf"{labels['addressed']}[ \t]*\S",
        rf"{labels['subject']}[ \t*_]*{pattern('{again}')}",
    )
]
_MAILED: Final = re.compile(rf"(?<!\w){_labels()['mailed']}")
_TIME: Final = re.compile(pattern("{time}"))
_TWO_LINES: Final = re.compile(r"(?:\n[^\n]+)?\n([^\n]+?)\s*\Z")
_LEADS_IN: Final = re.compile(rf"{LEXICON.leads_in}\Z")
_HEADS_A_FORM: Final = re.compile(rf"{pattern(LEXICON.heads_a_form)}\Z")
_NO_LEAD: Final = re.compile(pattern(LEXICON.no_lead))
_ABOUT: Final = re.compile(any_of(LEXICON.labels["subject"]))
_LABELS_IN_A_LINE: Final = re.compile(_in_a_line())
_TRANSLATED: Final = re.compile(pattern(LEXICON.translated))
_ORIGINAL: Final = re.compile(pattern(LEXICON.original))
