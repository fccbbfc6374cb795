"""The pages of the board, one a module, whose `PAGE` says all that others know of it."""

from importlib import import_module
from pkgutil import iter_modules

from pipeline.board.board import Page

PAGES: tuple[Page, ...] = tuple(
    import_module(f"{__name__}.{module.name}").PAGE for module in iter_modules(__path__)
)
