"""Ask one small model of each framework that is named: a program for the launcher."""

from __future__ import annotations

import sys

from frameworks.cases import CASES

if __name__ == "__main__":
    for entry_point in sys.argv[1:]:
        case = next(case for case in CASES if case.entry_point == entry_point)
        case.asks[0](case.model)
