#!/usr/bin/env bash
# Runs the tests of the frameworks on the oldest versions that are supported, in an environment outside the checkout
# that is kept as long as oldest.txt stays what it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
pins=tests/frameworks/oldest.txt
home="${XDG_CACHE_HOME:-$HOME/.cache}/otelml/oldest-$(sha256sum "$pins" | cut -c1-12)"
[ -x "$home/bin/python" ] || uv venv --python 3.11 "$home" # scikit-learn 1.3.0 knows no later Python
uv pip install --quiet --python "$home/bin/python" --requirement "$pins" --editable .
exec "$home/bin/python" -m pytest -p no:cacheprovider tests/frameworks "$@"
