"""Runs one role in this process until it is told to stop."""

from collections.abc import Mapping
from contextlib import ExitStack
from pkgutil import resolve_name

from agents.runtime.component import Component
from agents.runtime.process import run_process
from pipeline.common.logs import configure_logging
from pipeline.config.settings import Role, Settings

COMPONENTS: Mapping[Role, str] = {
    "poll": "agents.poll:Poll",
    "translate": "agents.translate:Translate",
    "understand": "agents.understand:Understand",
    "triage": "agents.triage:Triage",
    "detect": "agents.detect:Detect",
    "follow_up": "agents.follow_up:FollowUp",
    "record": "agents.record:Record",
    "notify": "agents.notify:Notify",
}
"""The class of each role, by name: a process imports the one that it runs."""


def run_role(role: Role, settings: Settings) -> None:
    """Run `role` until SIGTERM or SIGINT; returns after offsets are committed and all is closed.

    Raises what is for people (`pipeline.cli.exit_codes`) where the role cannot start.
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
        component: type[Component] = resolve_name(COMPONENTS[role])
        run_process(component(settings, resources))
