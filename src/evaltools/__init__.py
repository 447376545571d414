"""Evaluate what changed at each provider between a baseline and an endline, with honest uncertainty."""

__version__ = "0.1.0"
