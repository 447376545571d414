"""Live sources, opt-in: submissions pulled from a collecting server into raw files, which are read like any other."""
