"""Scores rows by the ONNX models in a folder and compares with the scores beside them.

FOLDER holds for every NAME: NAME.onnx, NAME.csv (the table; an empty cell is missing) and NAME.scores: a line a row, the score, and where
the model has such outputs the least and the largest p-value, and the least and the largest alert, of a score that differs by rounding.
Prints for every NAME its largest difference; fails if one is above TOLERANCE * max(1, |score|), or a p-value or alert lies outside.
"""
import csv
import math
import pathlib
import sys

import numpy
import onnxruntime

folder, tolerance = pathlib.Path(sys.argv[1]), float(sys.argv[2])
failed = False
names = sorted(path.stem for path in folder.glob("*.onnx"))
if not names:
    sys.exit("no model in " + str(folder))
for name in names:
    session = onnxruntime.InferenceSession(folder / (name + ".onnx"), providers=["CPUExecutionProvider"])
    with open(folder / (name + ".csv"), newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    expected = numpy.loadtxt(folder / (name + ".scores"), ndmin=2)
    columns = {}
    for one in session.get_inputs():
        values = [row[one.name] for row in table]
        if one.type == "tensor(string)":
            columns[one.name] = numpy.array(values, dtype=object).reshape(-1, 1)
        else:
            columns[one.name] = numpy.array([float(v) if v else math.nan for v in values], dtype=numpy.float32).reshape(-1, 1)
    outputs = [one.name for one in session.get_outputs()]
    found = []
    for first in range(0, len(table), 256):
        part = {key: value[first:first + 256] for key, value in columns.items()}
        found.append(numpy.hstack([numpy.asarray(value, dtype=float) for value in session.run(outputs, part)]))
    found = numpy.vstack(found)
    bounds, expected = expected[:, 1:], expected[:, :1]
    if found.shape != (len(expected), 1 + bounds.shape[1] // 2):
        sys.exit(f"{name}: {found.shape} where {len(expected)} rows with {bounds.shape[1] // 2} outputs beside the score belong")
    for at, output in enumerate(outputs[1:]):
        value, low, high = found[:, 1 + at], bounds[:, 2 * at], bounds[:, 2 * at + 1]
        outside = int(((value < low - 1e-5) | (value > high + 1e-5)).sum())
        print(f"{name}: {output}: {outside} of {len(value)} outside; {int((high - low > 1e-5).sum())} are not told by a score within rounding")
        failed = failed or outside > 0
    found = found[:, :1]
    off = numpy.abs(found - expected) / numpy.maximum(1, numpy.abs(expected))
    worst = int(off.max(axis=1).argmax())
    print(f"{name}: {len(table)} rows, off by {off.max():.2e} at row {worst}: {found[worst]} where {expected[worst]} belongs; "
          f"beyond 1e-5: {int((off > 1e-5).any(axis=1).sum())}")
    failed = failed or not off.max() <= tolerance
sys.exit(1 if failed else 0)
