"""Checks that Faust and its Kafka client are fit for the roles. Importing this is quick."""


class UnfitFaust(Exception):  # noqa: N818
    """Faust or its client is not as a role needs it; the message says what to do."""


def require_fit_faust() -> None:
    """Raise UnfitFaust where Faust runs on Python alone, or lacks private parts that we use.

    Its Python twin acknowledges messages of a partition that was taken away, read or not.
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
