"""The command line: parse, call one function, print, exit code. Nothing heavy is imported before a command runs."""

from evaltools.cli import (  # noqa: F401 - each registers its commands
    begin,
    corrections,
    data,
    environment,
    export,
    identity,
    inspect,
    match,
    pull,
    results,
)
from evaltools.cli.app import app
from evaltools.cli.process import main

__all__ = ["app", "main"]
