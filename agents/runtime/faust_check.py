"""Checks that Faust and its Kafka client are fit for the roles; quick to import."""


class UnfitFaust(Exception):  # noqa: N818
    """Faust or its client lacks a part that roles need; the message says what to do."""


def require_fit_faust() -> None:
    """Raise UnfitFaust if Faust runs without its compiled part or lacks private parts that we use.

    Its pure Python version acknowledges messages of a revoked partition, read or not.
    """
    from agents.runtime.faust_internals import is_compiled, missing

    if not is_compiled():
        raise UnfitFaust(
            "Faust runs without its compiled part: unset NO_CYTHON, or install it again (make "
            "setup)"
        )
    if lacking := missing():
        raise UnfitFaust(
            f"a part that Nabız uses is missing: {', '.join(lacking)}. Install the releases that "
            "pyproject.toml asks for (make setup)"
        )
