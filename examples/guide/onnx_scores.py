"""onnx_scores.py DETECTOR.onnx ROWS.csv SCORES.csv: scores the rows in ONNX Runtime and compares with what oddshot score wrote of them."""
import csv
import math
import sys

import numpy as np
import onnxruntime as ort

model, rows_file, scores_file = sys.argv[1:]
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
with open(rows_file, newline="") as file:
    rows = list(csv.DictReader(file))
with open(scores_file, newline="") as file:
    ours = list(csv.DictReader(file))


def column(one):
    values = [row[one.name] for row in rows]
    if one.type == "tensor(string)":
        return np.array(values, object).reshape(-1, 1)
    return np.array([float(v) if v else math.nan for v in values], np.float32).reshape(-1, 1)


inputs = {one.name: column(one) for one in session.get_inputs()}
parts = []
for first in range(0, len(rows), 500):
    parts.append(session.run(["score", "p_value", "alert"], {name: values[first : first + 500] for name, values in inputs.items()}))
score, p_value, alert = (np.vstack(part)[:, 0] for part in zip(*parts))
our_score = np.array([float(row["score"]) for row in ours])
print(f"{len(rows)} rows, {int(alert.sum())} alerts in ONNX Runtime")
print("scores agree within 1e-5:", bool((np.abs(score - our_score) <= 1e-5 * np.maximum(1, np.abs(our_score))).all()))
alike = np.abs(p_value - [float(row["p_value"]) for row in ours]) <= 1e-5
print(f"p-values agree within 1e-5 of {int(alike.sum())} rows")
print("alerts agree:", bool((alert == [row["alert"] == "1" for row in ours]).all()))
