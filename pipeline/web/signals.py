"""Signals that stop a process which uvicorn serves."""

import signal


def leave_signals_to_uvicorn() -> None:
    """Ignore SIGTERM and SIGINT outside uvicorn.

    uvicorn stops at the first signal and then raises it again for the previous handler.
    """
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: None)
