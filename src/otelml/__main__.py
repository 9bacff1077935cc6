"""`python -m otelml`: the command line."""

import sys

from otelml.cli import main

if __name__ == "__main__":
    sys.exit(main())
