"""check.py FILE…: the checks of checks.py on rendered manifests."""

import pathlib
import sys

import checks
from manifests import Manifests


def main(files):
    found = [complaint for file in files for complaint in checks.complaints(Manifests.load(pathlib.Path(file)))]
    for complaint in found:
        print(complaint, file=sys.stderr)
    print(f"checks: {len(checks.ALL)} on each of {len(files)} renderings, {len(found)} complaints")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
