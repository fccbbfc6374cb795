"""Turns readings of the text engine, and its processor, into findings of `nabiz doctor`. Pure."""

import re
from collections.abc import Iterable, Mapping

from pipeline.cli.checkup import Finding
from pipeline.model.reading import Label, Reading

_SUMS_OF_BYTES = re.compile(
    r"\b(avx512_?vnni|avx_?vnni|asimddp|FEAT_DotProd(?=: 1))\b", re.IGNORECASE
)
"""CPU features for eight-bit dot products, as Linux and macOS name them."""

TEXTS: Mapping[str, tuple[str, Label]] = {
    "tr": ("Bir daha asla almam, tam bir rezalet!", "negative"),
    "en": ("Thank you, I love it, wonderful service!", "positive"),
}
"""A text per language that any engine must read correctly, with its label."""


def check_readings(engine: str, readings: Iterable[tuple[str, Reading]]) -> Finding:
    """Check the engine's readings of TEXTS, given as pairs of language and reading."""
    wrong = [
        f"“{TEXTS[language][0]}” read as {reading.label}, {reading.language}"
        for language, reading in readings
        if (reading.label, reading.language) != (TEXTS[language][1], language)
    ]
    if not wrong:
        return Finding("text model", "ok", f"{engine} reads Turkish and English")
    return Finding(
        "text model",
        "problem",
        "; ".join(wrong),
        "reinstall Nabız; for the engine hf: check NABIZ_ENGINE_MODEL and NABIZ_ENGINE_LABELS",
    )


def check_processor(engine: str, told: str) -> Finding:
    """Check whether the processor has the instructions that make `strong` fast.

    Their absence is no warning: readings are the same, and `auto` adapts to the time it has.
    """
    if not told:
        return Finding("processor", "ok", "not told by this system")
    if instruction := _SUMS_OF_BYTES.search(told):
        return Finding("processor", "ok", f"multiplies bytes with {instruction[0]}")
    if engine not in ("auto", "strong"):
        return Finding("processor", "ok", f"no VNNI or dot product; {engine} needs none")
    return Finding(
        "processor",
        "ok",
        "no VNNI or dot product: strong reads the same, at about half its rate or less",
        "where events wait: NABIZ_ENGINE_NAME=fast; where auto has no time for second opinions: "
        "a larger NABIZ_ENGINE_PATIENCE",
    )
