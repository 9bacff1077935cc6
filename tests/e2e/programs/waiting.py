"""A host that predicts, says so on standard error, and lives until its standard input ends: `waiting.py MODEL ROWS`."""

from __future__ import annotations

import sys

import joblib
import numpy as np

SAID = "has predicted"


def main(path, rows):
    """Ask the model about each row by itself."""
    model = joblib.load(path)
    for row in np.load(rows):
        model.predict_proba(row[None])
    sys.stderr.write(f"{SAID}\n")
    sys.stderr.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
