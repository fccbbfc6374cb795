"""What `make setup` leaves behind works in a folder of any name, in every locale."""

import site
import subprocess
import sys
import venv
from pathlib import Path

ASK = "import os, sys, pipeline; sys.exit(not os.path.samefile(pipeline.__file__, sys.argv[1]))"


def test_a_checkout_is_found_by_a_python_that_cannot_read_its_name(tmp_path: Path) -> None:
    (found,) = [
        file for folder in site.getsitepackages() for file in Path(folder).glob("*nabiz.pth")
    ]
    checkout = tmp_path / "Masaüstü" / "deneme ş"
    venv.create(checkout / ".venv")
    (theirs,) = (checkout / ".venv" / "lib").glob("python3*/site-packages")
    (theirs / found.name).write_bytes(found.read_bytes())
    (module := checkout / "pipeline.py").touch()
    for locale in ("C", "POSIX", "no_SUCH.UTF-8"):
        done = subprocess.run(
            [checkout / ".venv" / "bin" / Path(sys.executable).name, "-c", ASK, module],
            env={"LC_ALL": locale},
            cwd=tmp_path,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()
