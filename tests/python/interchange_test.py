"""The same model and rows give the same scores in C++, on the command line and in Python."""

import io
import json
import os
import subprocess

import numpy as np
import pandas
import pytest

import oddshot

PROGRAM, CPP = os.environ.get("ODDSHOT_PROGRAM"), os.environ.get("ODDSHOT_INTERCHANGE")
pytestmark = pytest.mark.skipif(not (PROGRAM and CPP), reason="the program is not built here")


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def files(labelled, model, tmp_path):
    """A model file, and labelled rows and others of numbers, words and gaps as CSV files."""
    X, y, _ = labelled
    frame = pandas.DataFrame(X.astype(np.float32), columns=list("abcde"))
    frame["proto"] = np.where(np.arange(len(X)) % 3 == 0, "tcp", "udp, v6")
    frame["when"] = pandas.Timestamp("2024-05-01") + pandas.to_timedelta(np.arange(len(X)) % 5, "D")
    frame["when"] = frame["when"].dt.strftime("%Y-%m-%d")
    frame.loc[3:9, "a"] = np.nan
    frame.loc[5, "proto"] = None
    rows = tmp_path / "rows.csv"
    frame.assign(label=np.select([y == 0, y == 1], ["normal", "anomaly"], "")).to_csv(rows, index=False)
    frame.to_csv(tmp_path / "new.csv", index=False)
    model.save(tmp_path / "model.safetensors")
    return tmp_path


def all_scores(files, detector):
    new = pandas.read_csv(files / "new.csv")
    table = run(PROGRAM, "score", files / "d.safetensors", files / "new.csv", "--columns", "none").split()
    assert table[0].startswith("score")
    return {
        "C++": np.array(run(CPP, files / "d.safetensors", files / "new.csv").split(), dtype=np.float32),
        "command line": np.array([line.split(",")[0] for line in table[1:]], dtype=np.float32),
        "Python": detector.anomaly_scores(new).astype(np.float32),
        "Python, from the file": oddshot.FewShotDetector.load(files / "d.safetensors").anomaly_scores(new).astype(np.float32),
    }


def test_a_detector_of_the_command_line_scores_alike_everywhere(files):
    run(PROGRAM, "adapt", files / "model.safetensors", files / "rows.csv", "--label-column", "label", "-o", files / "d.safetensors")
    rows = pandas.read_csv(files / "rows.csv")
    y = rows["label"].map({"normal": 0, "anomaly": 1})
    detector = oddshot.FewShotDetector(files / "model.safetensors").fit(rows.drop(columns="label"), y)
    scores = all_scores(files, detector)
    assert len(scores["C++"]) == 260 and len(np.unique(scores["C++"])) > 100
    for name, values in scores.items():
        np.testing.assert_array_equal(values, scores["C++"], err_msg=name)


def test_a_detector_of_python_scores_alike_everywhere(files, model):
    rows = pandas.read_csv(files / "rows.csv")
    detector = model.adapt(rows.drop(columns="label"), rows["label"].map({"normal": 0, "anomaly": 1}), n_jobs=2)
    detector.save(files / "d.safetensors")
    scores = all_scores(files, detector)
    for name, values in scores.items():
        np.testing.assert_array_equal(values, scores["C++"], err_msg=name)


@pytest.fixture
def adapted(files):
    """The same rows adapted to by the command line, to d.safetensors, and in Python; and rows to score."""
    run(PROGRAM, "adapt", files / "model.safetensors", files / "rows.csv", "--label-column", "label", "--max-false-alarms", "0.1",
        "--calibration", "cross-fitted", "-o", files / "d.safetensors")  # fmt: skip
    rows = pandas.read_csv(files / "rows.csv")
    detector = oddshot.FewShotDetector(files / "model.safetensors", max_false_alarms=0.1, calibration="cross-fitted")
    return detector.fit(rows.drop(columns="label"), rows["label"].map({"normal": 0, "anomaly": 1})), pandas.read_csv(files / "new.csv")


def test_p_values_and_alerts_are_those_of_the_command_line(files, adapted):
    detector, new = adapted
    table = pandas.read_csv(io.StringIO(run(PROGRAM, "score", files / "d.safetensors", files / "new.csv", "--columns", "none")))
    np.testing.assert_allclose(detector.p_values(new), table["p_value"], rtol=0, atol=1e-6)  # printed with six digits
    np.testing.assert_array_equal(detector.alerts(new), table["alert"] == 1)
    made = detector.set_output(transform="pandas").transform(new)
    assert list(made.columns) == list(table.columns)
    table = pandas.read_csv(io.StringIO(run(PROGRAM, "score", files / "d.safetensors", files / "new.csv", "--columns", "none", "--fdr", "0.2")))
    np.testing.assert_array_equal(detector.alerts(new, fdr=0.2), table["alert"] == 1)


def test_an_update_and_reasons_are_those_of_the_command_line(files, adapted):
    detector, new = adapted
    rows = pandas.read_csv(files / "rows.csv")
    rows.iloc[100:103].assign(label=["anomaly", "normal", "anomaly"]).to_csv(files / "later.csv", index=False)
    run(PROGRAM, "update", files / "d.safetensors", "--labels", files / "later.csv")
    loaded = oddshot.FewShotDetector.load(files / "d.safetensors")
    detector.partial_fit(new.iloc[100:103], [1, 0, 1])
    np.testing.assert_array_equal(detector.p_values(new), loaded.p_values(new))
    loaded.partial_fit(new.iloc[110:111], [1]).save(files / "d.safetensors")
    detector.partial_fit(new.iloc[110:111], [1])
    told = json.loads(run(PROGRAM, "explain", files / "d.safetensors", files / "new.csv", "--row", "8", "--json"))
    assert told[0]["row"] == 8, "the command line counts from 1, Python from 0"
    (why,) = detector.explain(new.iloc[[7]])
    assert why.shares == {one["column"]: one["share"] for one in told[0]["columns"]}


def test_an_onnx_model_written_in_python_is_that_of_the_command_line_and_scores_alike(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    rng = np.random.default_rng(6)
    kinds = np.repeat(["normal", "a", "b"], [500, 60, 60])
    rows = pandas.DataFrame(rng.normal(size=(620, 3)), columns=["x", "y", "z"]).astype(np.float32)
    rows.loc[kinds == "a", "x"] += 4
    rows.loc[kinds == "b", "y"] -= 4
    suite = oddshot.Suite.from_frame(rows.assign(kind=kinds), label="kind", held_out=["b"])
    model = oddshot.meta_train(suite, "score-net", steps=20, episodes=48, normals=30, shots=[5], members=1, progress=False)
    support = np.r_[0:400, 560:570]
    detector = model.adapt(rows.iloc[support], (kinds[support] == "b").astype(int), max_false_alarms=0.05, fall_back=False)
    detector.export(tmp_path / "python.onnx")
    detector.save(tmp_path / "d.safetensors")
    run(PROGRAM, "export", tmp_path / "d.safetensors", "-o", tmp_path / "program.onnx")
    assert (tmp_path / "python.onnx").read_bytes() == (tmp_path / "program.onnx").read_bytes()
    new = rows.iloc[400:500]
    outputs = ["score", "p_value", "alert"]
    given = {name: new[[name]].to_numpy() for name in new.columns}
    found = onnxruntime.InferenceSession(tmp_path / "python.onnx").run(outputs, given)
    np.testing.assert_allclose(found[0][:, 0], detector.anomaly_scores(new), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found[1][:, 0], detector.p_values(new), atol=0.02)
    with pytest.raises(oddshot.ArgumentError, match="table"):
        oddshot.FewShotDetector().fit(rows[:100]).export(tmp_path / "universal.onnx")
    assert not (tmp_path / "universal.onnx").exists()
    with pytest.raises(oddshot.IoError):
        detector.export(tmp_path / "nowhere" / "d.onnx")


def options_of(command):
    found = {line.split()[0].split(",")[0] for line in run(PROGRAM, command, "--help-all").splitlines() if line.strip().startswith("--")}
    return {name.strip("-").replace("-", "_") for name in found - {"--help-all"}}


def test_the_options_of_training_and_judging_are_those_of_the_command_line():
    here = {"data", "no_download", "threads", "resume", "learner", "baselines"}  # arguments of their own in Python, or of files
    assert set(oddshot._core.options()) == (options_of("train") | options_of("evaluate")) - here


def test_a_detector_of_labels_of_ones_own_is_updated_in_python(files):
    rows = pandas.read_csv(files / "rows.csv")
    rows["label"] = rows["label"].map({"normal": "fine", "anomaly": "fraud"})
    rows.to_csv(files / "own.csv", index=False)
    run(PROGRAM, "adapt", files / "model.safetensors", files / "own.csv", "--label-column", "label", "--normal-value", "fine", "--anomaly-value",
        "fraud", "-o", files / "d.safetensors")  # fmt: skip
    detector = oddshot.FewShotDetector.load(files / "d.safetensors")
    assert detector.classes_.tolist() == ["fine", "fraud"]
    detector.partial_fit(rows.drop(columns="label").iloc[100:102], ["fraud", "fine"])
    assert (detector.n_normals_, detector.n_anomalies_) == (56, 6)
    assert set(detector.predict(rows)) <= {"fine", "fraud"}
