#!/usr/bin/env python3
"""Joins the published runs of the Tennessee Eastman process into the two files of the suite `tep`.

    python3 suites/tep_from_dat.py FOLDER_WITH_DAT_FILES FOLDER/tep

FOLDER_WITH_DAT_FILES holds d00.dat to d21.dat and d00_te.dat to d21_te.dat. Every file has one run: 52 variables, rows are samples (d00.dat
is the other way round). In a test run the fault sets in after 160 samples. The sums in suites/tep.toml check the result.
"""

import pathlib
import sys

VARIABLES = [f"xmeas_{i}" for i in range(1, 42)] + [f"xmv_{i}" for i in range(1, 12)]
NORMAL_SAMPLES = 160


def read_run(path):
    rows = [[float(value) for value in line.split()] for line in path.read_text().splitlines() if line.strip()]
    if len(rows) == len(VARIABLES) and len(rows[0]) != len(VARIABLES):
        rows = [list(column) for column in zip(*rows)]
    if any(len(row) != len(VARIABLES) for row in rows):
        sys.exit(f"{path}: every sample must have {len(VARIABLES)} variables")
    return rows


def join(source, ending, name, target):
    with open(target, "w", newline="\n") as out:
        out.write(",".join(["fault", "run", "sample"] + VARIABLES) + "\n")
        for fault in range(22):
            for sample, row in enumerate(read_run(source / f"d{fault:02}{ending}.dat"), start=1):
                normal = fault == 0 or (ending and sample <= NORMAL_SAMPLES)
                label = "normal" if normal else f"fault_{fault}"
                out.write(",".join([label, f"{name}_{fault}", str(sample)] + [repr(value) for value in row]) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    join(source, "", "train", target / "tep_train.csv")
    join(source, "_te", "test", target / "tep_test.csv")
