"""What the doctor says of the text engine and its processor."""

import pytest

from pipeline.cli import checkup_text
from pipeline.model.reading import Probabilities, Reading


def test_an_engine_that_reads_nonsense_is_named() -> None:
    right = Reading("negative", Probabilities(1, 0, 0), 0.5, "tr", "fast", "1")
    wrong = Reading("negative", Probabilities(1, 0, 0), 0.5, "en", "fast", "1")
    assert checkup_text.check_readings("fast", [("tr", right)]).state == "ok"
    found = checkup_text.check_readings("fast", [("tr", right), ("en", wrong)])
    assert found.state == "problem"
    assert found.found == f"“{checkup_text.TEXTS['en'][0]}” read as negative, en"


@pytest.mark.parametrize(
    ("engine", "told", "words"),
    [
        ("auto", "flags\t\t: fpu avx2 avx512f avx512_vnni", "with avx512_vnni"),
        ("strong", "flags\t\t: fpu avx2 avx_vnni", "with avx_vnni"),
        ("auto", "Features\t: fp asimd asimddp", "with asimddp"),
        ("auto", "hw.optional.arm.FEAT_DotProd: 1", "with FEAT_DotProd"),
        ("auto", "machdep.cpu.leaf7_features: AVX2 AVX512VNNI", "with AVX512VNNI"),
        ("auto", "flags\t\t: fpu avx2 avx512f avx512bw", "NABIZ_ENGINE_NAME=fast"),
        ("strong", "Features\t: fp asimd", "about half its rate"),
        ("auto", "hw.optional.arm.FEAT_DotProd: 0", "about half its rate"),
        ("fast", "flags\t\t: fpu avx2", "fast needs none"),
        ("auto", "", "not told"),
    ],
)
def test_a_processor(engine: str, told: str, words: str) -> None:
    found = checkup_text.check_processor(engine, told)
    assert words in f"{found.found} {found.advice}"
    assert found.state == "ok"
