import subprocess
import sys

import pytest

from agents.runtime.crash import EXIT_CRASH

BLOCKED = """
import threading
from agents.runtime.process import end_within
from pipeline.common.logs import configure_logging
configure_logging("detect")
end_within({seconds})
{work}
print("in order")
"""


@pytest.mark.parametrize(
    ("work", "seconds", "ended", "said"),
    [
        ("threading.Event().wait()", 0.1, EXIT_CRASH, ""),
        ("import time; time.sleep(3_600)", 0.1, EXIT_CRASH, ""),
        ("pass", 600, 0, "in order\n"),
    ],
)
def test_a_stop_that_takes_too_long_is_a_crash(
    work: str, seconds: float, ended: int, said: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(seconds=seconds, work=work)],
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert (ran.returncode, ran.stdout) == (ended, said)
    assert ("role does not stop in order" in ran.stderr) == (ended == EXIT_CRASH)
