"""Standard input and output on any terminal, and where there is none."""

import codecs
import os
import sys
import unicodedata

_ALIKE = str.maketrans("ı“”‘’–—−…→×·█▏▎▍▌▋▊▉", "i\"\"''---.>x.########")
"""Signs that have no decomposition of their own, each with one as wide."""


def prepare_streams() -> None:
    """Open streams that were closed, and let no letter that a terminal lacks be an error."""
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
    """Throw away what could not be printed: it would be tried again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _closest(error: UnicodeError) -> tuple[str, int]:
    """Say what is most like it in ASCII: s for ş."""
    assert isinstance(error, UnicodeEncodeError)
    said = [_ascii(character) for character in error.object[error.start : error.end]]
    return "".join(said), error.end


def _ascii(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character.translate(_ALIKE))
    return decomposed.encode("ascii", "ignore").decode() or "?"
