"""Converts HTML to its visible text, without quotations."""

import re
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.connectors.language.functions.function import written

_TAG: Final = re.compile(
    r"<(?:!--|!doctype|/?(?:a|abbr|address|article|b|big|blockquote|body|br|center|code|dd|del|div"
    r"|dl|dt|em|font|footer|form|h[1-6]|head|header|hr|html|i|img|ins|li|link|main|meta|o:p|ol|p"
    r"|pre|s|script|section|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead"
    r"|title|tr|tt|u|ul)(?:\s[^<>]*)?/?>)",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(r"<(/?)(?!(?:area|br|col|hr|img|input|link|meta|wbr)\b)[a-z]", re.I)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.IGNORECASE)

_UNSEEN: Final = "head, title, style, script, template, noscript, [style*='display:none'], [hidden]"
_SIGNATURES: Final = (
    ".gmail_signature, .gmail_signature_prefix, .moz-signature, .protonmail_signature_block,"
    " #Signature, #x_Signature, #ms-outlook-mobile-signature, #AppleMailSignature,"
    " [class*='yahoo-signature'], [class*='yahoo_signature']"
)
_QUOTED: Final = (
    ".gmail_attr, .moz-cite-prefix, .moz-email-headers-table, .yahoo_quoted, .zmail_extra,"
    " .protonmail_quote, .ms-outlook-mobile-reference-message, .OutlookMessageHeader,"
    " [id^='yahoo_quoted'], [id^='ydp'][id$='yahoo_quoted']"
)
_QUOTATION: Final = "blockquote:not([style*='border:none']):not([style*='border: none'])"
"""Gmail's `blockquote` without a border is text that the author indented."""
_QUOTED_FROM_HERE: Final = (
    "#appendonsend, #x_appendonsend, #divRplyFwdMsg, #x_divRplyFwdMsg, [id^='divRpF'],"
    " #mail-editor-reference-message-container, div[style*='border-top:solid #']"
)
"""In Outlook's mail the quotation follows one of these elements, and is not inside it."""

_BLOCKS: Final = (
    "address, article, blockquote, body, center, dd, div, dl, dt, footer, form, h1, h2, h3, h4, h5,"
    " h6, header, hr, li, main, ol, pre, section, table, tr, ul"
)
_EDGE, _GAP, _BREAK, _LEFT_OUT = "\ue000", "\ue001", "\ue002", "\ue003"
"""Marks of the edge of a block, the edge of a paragraph, a line break, a removed quotation."""
_LAST_BREAK: Final = re.compile(rf"(?<=[^ {_EDGE}{_GAP}{_BREAK}]) ?{_BREAK}(?= ?[{_EDGE}{_GAP}])")
_ATTRIBUTION: Final = re.compile(
    r"(?=.*\d{1,2}[:.]\d\d)(?=.*(?:\b\d{4}\b|\d[./]\d\d?[./]\d)).{10,200}:|.{1,100}@.{1,100}:"
)
_MARKS: Final = re.compile(rf"\s?[{_EDGE}{_GAP}{_BREAK}][{_EDGE}{_GAP}{_BREAK} ]*")
_DEEPEST: Final = 1_000
"""Most nested elements; the parser's time grows with the square."""


def html_text(value: object) -> str | None:
    """Return the text of HTML, a line per block, without quotations and signatures in mark-up.

    In text without mark-up only entities are replaced. If everything is quoted, as in forwarded
    mail, the quotation stays.
    """
    html = written(value)
    if not _TAG.search(html):
        return _ENTITY.sub(lambda entity: unescape(entity[0]), html)
    if _depth(html) > _DEEPEST:
        return _laid_out(unescape(_TAG.sub(_EDGE, html))) or None
    return _text(html, quoted=False) or _text(html, quoted=True) or None


def _depth(html: str) -> int:
    """Return an upper bound of the nesting depth."""
    depth = deepest = 0
    for tag in _OPENING.finditer(html):
        depth += -1 if tag[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _text(html: str, *, quoted: bool) -> str:
    parser = LexborHTMLParser(_on_one_line(html).encode("utf-8", "replace"))
    _remove(parser, _UNSEEN)
    if not quoted:
        _remove_gmail(parser)
        for node in parser.css(_QUOTED_FROM_HERE):
            _remove_from(node)
        for node in parser.css(_QUOTATION):
            node.insert_before(_LEFT_OUT)
        _remove(parser, f"{_QUOTATION}, {_QUOTED}, {_SIGNATURES}")
    for selector, mark in ((_BLOCKS, _EDGE), ("p", _GAP)):
        for node in parser.css(selector):
            node.insert_before(mark)
            node.insert_after(mark)
    for selector, mark in (("br", _BREAK), ("td, th", " ")):
        for node in parser.css(selector):
            node.insert_after(mark)
    for node in parser.css("img[alt]"):
        alt = node.attributes["alt"] or ""
        if alt and not re.search(r"[\w.]", alt):  # an emoji
            node.insert_after(alt)
    return _laid_out(parser.body.text() if parser.body else "")


def _on_one_line(html: str) -> str:
    """Return HTML without line breaks, which count in `pre` only."""
    html = re.sub(f"[{_EDGE}{_GAP}{_BREAK}{_LEFT_OUT}]", " ", html)
    parts = re.split(r"(<pre\b.*?</pre>)", html, flags=re.IGNORECASE | re.DOTALL)
    return "".join(
        part.replace("\n", _BREAK) if number % 2 else re.sub(r"\s+", " ", part)
        for number, part in enumerate(parts)
    )


def _remove(parser: LexborHTMLParser, selector: str) -> None:
    for node in parser.css(selector):
        node.remove()


def _remove_gmail(parser: LexborHTMLParser) -> None:
    """Remove Gmail's quotations; text after one in the same element may be the answer."""
    for node in parser.css("div.gmail_quote"):
        while (child := node.first_child) is not None:
            is_quotation = child.tag == "blockquote"
            child.remove()
            if is_quotation:
                break


def _remove_from(node: LexborNode) -> None:
    """Remove a node and everything after it."""
    here: LexborNode | None = node
    while here is not None:
        while (after := here.next) is not None:
            after.remove()
        here = here.parent
    node.remove()


def _laid_out(text: str) -> str:
    """Return the text with marks replaced by line breaks, and no two empty lines in a row."""
    text = re.sub(r"[^\S\n]+", " ", text.replace("\n", " "))
    text = _LAST_BREAK.sub("", text)
    *before, last = _MARKS.sub(_lines, text).split(_LEFT_OUT)
    parts = [*map(_without_attribution, before), last]
    return "\n".join(part.strip() for part in parts if part.strip())


def _without_attribution(text: str) -> str:
    """Return the text without a last line that attributes the quotation below it."""
    above, _, line = text.rstrip().rpartition("\n")
    return above if _ATTRIBUTION.fullmatch(line) else text


def _lines(marks: re.Match[str]) -> str:
    breaks = marks[0].count(_BREAK) + (_EDGE in marks[0])
    return "\n\n" if _GAP in marks[0] or breaks > 1 else "\n"
