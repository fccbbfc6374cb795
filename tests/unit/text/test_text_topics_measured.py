import gzip
from importlib.resources import files
from pathlib import Path

import msgspec

from evaluation.topics import Subject, read_texts, topics_of
from pipeline.text.reader import Reader
from pipeline.text.topics import TAXONOMY
from tests.unit.text.engines import Wordy

SUBJECTS = msgspec.yaml.decode(
    files("evaluation").joinpath("topics.yaml").read_bytes(), type=list[Subject]
)


def test_what_is_measured_are_topics_of_the_taxonomy() -> None:
    assert {name for subject in SUBJECTS for name in subject.topics} <= set(TAXONOMY.topics)


def test_texts_of_a_subject_are_counted_by_their_topics(tmp_path: Path) -> None:
    rows = "text,kind\nKargom gelmedi,late_parcel\nFaturam geldi,bill\nŞubedeyim,late_branch\n"
    (tmp_path / "set.csv.gz").write_bytes(gzip.compress(rows.encode()))
    texts = read_texts(Subject("set", "kind", ["late_*"], []), tmp_path)
    assert texts == ["Kargom gelmedi", "Şubedeyim"]
    assert topics_of(Reader(Wordy()), texts) == [{"delivery"}, {"branch_store"}]
