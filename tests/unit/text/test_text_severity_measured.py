import gzip
from pathlib import Path

import pytest

from evaluation.severity import FILE, auc, texts_by_grade


def test_texts_are_sorted_by_their_grade_and_those_without_one_left_out(tmp_path: Path) -> None:
    rows = "text,severity\nçekmiyor,2.0\nteşekkürler,0.0\npahalı,1.0\nşey,\nhat yok,2.0\n"
    file = tmp_path / f"{FILE}.csv.gz"
    file.parent.mkdir()
    file.write_bytes(gzip.compress(rows.encode()))
    grades = {"0.0": ["teşekkürler"], "1.0": ["pahalı"], "2.0": ["çekmiyor", "hat yok"]}
    assert texts_by_grade(tmp_path) == grades


@pytest.mark.parametrize(
    ("lower", "higher", "share"),
    [([0, 1], [2, 3], 1.0), ([2, 3], [0, 1], 0.0), ([1, 1], [1, 1], 0.5), ([0, 2], [1, 3], 0.75)],
)
def test_auc_is_the_share_of_pairs_in_the_right_order(
    lower: list[float], higher: list[float], share: float
) -> None:
    assert auc(lower, higher) == pytest.approx(share)
