#!/usr/bin/env bash
# Makes the Python environment of the counterpart ring: node_modules/.cache/counterpart/ with paho-mqtt and cryptography.
# Exit 0 when it is ready, 1 with the remedy when it cannot be made.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=firmware-contracts/examples/python/requirements.txt
folder=node_modules/.cache/counterpart
stamp=$folder/requirements.installed

fail() {
  echo "setup-counterpart: $1" >&2
  echo "  remedy: $2" >&2
  exit 1
}

if [ -f "$stamp" ] && cmp -s "$requirements" "$stamp" && "$folder/bin/python" -c 'import paho.mqtt, cryptography' 2>/dev/null; then
  echo "setup-counterpart: $folder is ready" >&2
  exit 0
fi

python=${COUNTERPART_PYTHON:-python3}
command -v "$python" >/dev/null || fail "no $python" "install Python 3.9 or later (Debian: apt-get install python3 python3-venv)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' || fail "$("$python" --version) is too old" "install Python 3.9 or later, or name one in COUNTERPART_PYTHON"

rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
echo "setup-counterpart: making $folder with $("$python" --version)" >&2
"$python" -m venv "$folder" >&2 || fail "$python cannot make a virtual environment" "apt-get install python3-venv"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2 ||
  fail "pip could not install $requirements" "check that the Python package index can be reached, then run this again"
cp "$requirements" "$stamp"
echo "setup-counterpart: $folder is ready" >&2
