"""The command line: parse, call one function, print, exit code. Nothing heavy is imported before a command runs."""

from evaltools.cli import begin, data, environment, results  # noqa: F401 - each registers its commands
from evaltools.cli.app import app
from evaltools.cli.process import main

__all__ = ["app", "main"]
