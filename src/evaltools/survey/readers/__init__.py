"""Read raw exports whole and safely: ``read_files`` gives cells as they stand, or a reason for each file refused."""

from evaltools.survey.readers.batch import read_files
from evaltools.survey.readers.model import Limits, RawColumn, RawFile, RawTable

__all__ = ["Limits", "RawColumn", "RawFile", "RawTable", "read_files"]
