"""Runs one role in this process until it is told to stop."""

from contextlib import ExitStack
from pkgutil import resolve_name

from agents.runtime.component import Component
from agents.runtime.process import run_process
from pipeline.common.logs import configure_logging
from pipeline.config.settings import Role, Settings, StreamRole


def run_role(role: Role, settings: Settings) -> None:
    """Run `role` until SIGTERM or SIGINT; return once offsets are committed and all is closed.

    Raises an error with an exit code (`pipeline.cli.exit_codes`) if the role cannot start.
    """
    configure_logging(role)
    if role == "api":
        from pipeline.store.open import open_store
        from pipeline.web.server import serve_api

        serve_api(settings, open_store(settings))
        return
    if role == "receive":
        from agents.receive import serve_receiver

        serve_receiver(settings)
        return
    with ExitStack() as resources:
        run_process(component_of(role)(settings, resources))


def component_of(role: StreamRole) -> type[Component]:
    """Import the class of a role, such as `FollowUp` in `agents/follow_up.py`, and no other."""
    name = "".join(word.capitalize() for word in role.split("_"))
    component: type[Component] = resolve_name(f"agents.{role}:{name}")
    return component
