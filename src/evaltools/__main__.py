"""`python -m evaltools` is the command line."""

from evaltools.cli import main

main()
