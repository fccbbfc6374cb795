"""Whether Faust has its compiled part. Without an import of Faust, which is slow."""


class NotCompiled(Exception):  # noqa: N818
    """Faust lacks its compiled part; the message says what to do."""


def require_compiled_faust() -> None:
    """Raise NotCompiled where Faust runs on Python alone.

    Its Python twin acknowledges messages of a partition that was taken away, read or not.
    """
    from faust import streams

    if getattr(streams, "_CStreamIterator", None) is None:
        raise NotCompiled(
            "Faust runs without its compiled part: unset NO_CYTHON, or install it again (make "
            "setup)"
        )
