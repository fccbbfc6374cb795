"""Commands on terminals that lack letters, with streams that are closed or full."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT

PYTHON = shlex.quote(sys.executable)
NABIZ = f"exec {PYTHON} -m pipeline.cli"
SIGNS = "Müşteri “iade” … 3 → 4 ║ ığİ"
SAY = f"""
from pipeline.cli.streams import prepare_streams
prepare_streams()
print({SIGNS!r})
"""


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["bash", "-c", command], env=environment, capture_output=True)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", SIGNS),
        ("iso8859-9", 'Müşteri "iade" . 3 > 4 ? ığİ'),
        ("cp1254:strict", "Müşteri “iade” … 3 > 4 ? ığİ"),
        ("ascii", 'Musteri "iade" . 3 > 4 ? igI'),
    ],
)
def test_a_letter_that_a_terminal_lacks_is_written_as_the_most_alike(
    encoding: str, said: str
) -> None:
    environment = {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", SAY], env=environment, capture_output=True)
    assert done.stderr == b""
    assert done.stdout.decode(encoding.partition(":")[0]) == f"{said}\n"


@pytest.mark.parametrize("locale", ["C", "no_SUCH"])
def test_json_is_in_utf_8_whatever_the_terminal(locale: str) -> None:
    environment = {"LC_ALL": locale, "PYTHONIOENCODING": "ascii", "NABIZ_DATA": "Masaüstü"}
    done = shell(f"{NABIZ} config --json", **environment)
    assert json.loads(done.stdout)["NABIZ_DATA"] == "Masaüstü"


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_command_runs_with_its_streams_closed(closed: str) -> None:
    done = shell(f"{NABIZ} config --json {closed}")
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_is_opened_does_not_become_a_stream_that_was_closed(tmp_path: Path) -> None:
    file = tmp_path / "opened"
    script = tmp_path / "script.py"
    script.write_text(
        "import os\nfrom pipeline.cli.streams import prepare_streams\nprepare_streams()\n"
        f"with open({str(file)!r}, 'w'):\n    os.write(1, b'printed')\n    print('printed')\n"
    )
    done = shell(f"{PYTHON} {script} >&-", PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stderr, file.read_bytes()) == (0, b"", b"")


@pytest.mark.parametrize("command", ["config", "config --json"])
def test_a_full_disk_is_said_in_a_sentence(command: str) -> None:
    done = shell(f"{NABIZ} {command} >/dev/full")
    assert (done.returncode, done.stderr) == (
        2,
        b"nabiz: no space is left for what is printed: make room\n",
    )


@pytest.mark.parametrize("command", ["config", "config --json"])
def test_a_reader_that_has_gone_ends_a_command_without_noise(command: str) -> None:
    done = shell(f"{NABIZ} {command} | true")
    assert done.stderr == b""


def test_an_argument_that_is_no_text_is_told() -> None:
    done = shell(f"{NABIZ} explain $'g\\xfczel'", LC_ALL="C.UTF-8")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith("nabiz: an argument is not text in the encoding")
