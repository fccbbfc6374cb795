"""Routes that list and retry dead letters."""

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from pipeline.access.authorization import VIEWER, requires
from pipeline.api.parameters import Limit
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.service.service import Service
from pipeline.service.views import RetryResult


class RetryRequest(msgspec.Struct, frozen=True):
    """The dead letters to publish again: all, or those of one reason."""

    reason: Reason | None = None


def dead_letter_routes(service: Service) -> list[ControllerRouterHandler]:
    """Return the handlers."""

    @get("/v1/dead-letters", sync_to_thread=True, opt=VIEWER)
    def dead_letters(
        reason: FromQuery[Reason | None] = None, limit: Limit = 1_000
    ) -> list[DeadLetter]:
        """Dead letters: messages that could not be decoded, newest first."""
        return service.store.dead_letters(reason, limit)

    @post(
        "/v1/dead-letters/retry",
        sync_to_thread=True,
        status_code=200,
        opt=requires("admin", audit="dead_letters.retried"),
    )
    def retry(data: JSONBody[RetryRequest]) -> RetryResult:
        """Publish dead letters again, each only once."""
        return service.retry_dead_letters(data.reason)

    return [dead_letters, retry]
