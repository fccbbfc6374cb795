"""Generated tables of the documentation: their rows are replaced, and nothing else."""

import pytest

from pipeline.common.generated_tables import with_rows

PAGE = "# A\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n| a |\n|---|\n| 5 |\n"


@pytest.mark.parametrize("rows", [[], [("x", "y")]])
def test_what_stands_around_a_table_stays(rows: list[tuple[str, str]]) -> None:
    lines = "".join(f"| {a} | {b} |\n" for a, b in rows)
    expected = f"# A\n| a | b |\n|---|---|\n{lines}\n| a |\n|---|\n| 5 |\n"
    assert with_rows(PAGE, ("a", "b"), rows) == expected


def test_a_page_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no table of b, a"):
        with_rows(PAGE, ("b", "a"), [])
