"""The pages of the board: one module each, whose `PAGE` registers it."""

from importlib import import_module
from pkgutil import iter_modules

from pipeline.board.board import Page

PAGES: tuple[Page, ...] = tuple(
    import_module(f"{__name__}.{module.name}").PAGE for module in iter_modules(__path__)
)
