"""Makes standard streams work on any terminal, and without one."""

import codecs
import os
import sys
import unicodedata

_ALIKE = str.maketrans("ı“”‘’–—−…→×·█▏▎▍▌▋▊▉", "i\"\"''---.>x.########")
"""ASCII replacements of characters without a decomposition, of equal width."""


def prepare_streams() -> None:
    """Open closed streams, and replace characters that the terminal cannot encode."""
    while (free := os.open(os.devnull, os.O_RDWR)) <= 2:  # else the next file would be that stream
        pass
    os.close(free)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    codecs.register_error("nabiz.closest", _closest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nabiz.closest")


def discard_output() -> None:
    """Discard unprintable output, which Python would try to flush at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _closest(error: UnicodeError) -> tuple[str, int]:
    """Return the closest ASCII text: s for ş."""
    assert isinstance(error, UnicodeEncodeError)
    said = [_ascii(character) for character in error.object[error.start : error.end]]
    return "".join(said), error.end


def _ascii(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character.translate(_ALIKE))
    return decomposed.encode("ascii", "ignore").decode() or "?"
