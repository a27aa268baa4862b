"""Where the examples find real data: $ODDSHOT_DATA, else shared/data beside the project."""

import os
import pathlib
import sys


def folder(name: str) -> pathlib.Path:
    """The folder of a data set; ends the program, saying so, where it is not there."""
    beside = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
    found = pathlib.Path(os.environ.get("ODDSHOT_DATA", beside)) / name
    if not found.is_dir():
        print(f"no data: there is no folder {found}; see docs/suites.md for where to get it", file=sys.stderr)
        raise SystemExit(77)
    return found
