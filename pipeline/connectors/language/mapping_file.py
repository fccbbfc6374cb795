"""The parsed files of mappings, `connectors/SYSTEM/mapping.yaml`, before compilation."""

from pathlib import Path

from pipeline.common.yaml_source import SourceFileError, YamlSource
from pipeline.connectors.language.form import MappingForm


class MappingError(SourceFileError):
    """A mapping is invalid; `str()` is `file:line: reason`, lines count from 1."""


class MappingSource(YamlSource):
    """A mapping file: its form, and the line of each part."""

    failure = MappingError

    def __init__(self, path: Path, content: bytes) -> None:
        """Parse the content of the file. Raises MappingError."""
        super().__init__(path, content)
        self.form: MappingForm = self.convert(self.data, MappingForm, "$")


def mapping_files(folder: Path) -> dict[str, Path]:
    """Return the mapping files by system, in order."""
    return {file.parent.name: file for file in sorted(folder.glob("*/mapping.yaml"))}
