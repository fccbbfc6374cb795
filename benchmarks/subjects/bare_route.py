"""An empty route of Litestar on its usual server, the baseline of the receiver.

usage: python -m benchmarks.subjects.bare_route PORT
"""

import sys

import uvicorn
from litestar import Litestar, post


@post("/in/{name:str}", status_code=204)
async def nothing(name: str) -> None:
    """Return an empty answer."""


if __name__ == "__main__":
    app = Litestar([nothing], openapi_config=None)
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
