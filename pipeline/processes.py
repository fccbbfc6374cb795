"""Processes that this one started."""

import subprocess


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to finish in order; kill it if that takes longer than `seconds`."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
