"""Meta-learning: suites of frames, training, judging."""

import pickle
import sys
import types

import numpy as np
import pandas
import polars
import pytest

import oddshot


def frame(task, kind=pandas.DataFrame):
    columns = {f"c{i}": column for i, column in enumerate(np.asarray(task.X).T)}
    return kind({**columns, "label": np.where(task.y == 1, "odd", "normal")})


def make_few(task):
    """The task's rows without most of its anomalies."""
    some = np.r_[: len(task.y) - 37]
    return task.X[some], task.y[some]


def test_a_suite_of_tasks_and_one_of_frames_are_the_same(tasks, suite):
    held_out = [task.name for task in tasks if task.held_out]
    for kind in (pandas.DataFrame, polars.DataFrame):
        frames = oddshot.Suite.from_frames({task.name: frame(task, kind) for task in tasks}, held_out=held_out)
        assert frames.tasks == suite.tasks
    assert [task["name"] for task in suite.tasks if task["held_out"]] == held_out
    assert {(task["normals"], task["anomalies"]) for task in suite.tasks} == {(220, 40)}
    assert "held-out tables (2)" in str(suite)


def test_a_frame_is_cut_into_a_task_for_each_kind():
    rng = np.random.default_rng(4)
    kinds = np.repeat(["normal", "a", "b", "c"], [400, 40, 40, 5])
    made = oddshot.Suite.from_frame(
        pandas.DataFrame({"x": rng.normal(size=485), "y": rng.normal(size=485), "kind": kinds}), label="kind", held_out=["b"]
    )
    assert [(task["name"], task["held_out"], task["anomalies"]) for task in made.tasks] == [("a", False, 40), ("b", True, 40)]


def test_the_model_depends_on_the_seed_alone(suite, model):
    options = dict(steps=40, episodes=48, shots=[0, 1, 5], normals=30, members=1, progress=False)
    again = oddshot.meta_train(suite, "score-net", n_jobs=1, **options)
    np.testing.assert_array_equal(again.losses, model.losses)
    X = np.random.default_rng(0).normal(size=(50, 3))
    np.testing.assert_array_equal(again.adapt(X).anomaly_scores(X), model.adapt(X).anomaly_scores(X))
    assert (oddshot.meta_train(suite, "score-net", seed=2, **options).losses != model.losses).any()
    assert model.space == "table" and model.learner == "score-net" and len(model.losses) == 40
    assert model.losses[-10:].mean() < model.losses[:10].mean()


def test_a_model_pickles_and_saves_as_its_own_bytes(model, tmp_path):
    assert pickle.loads(pickle.dumps(model)) == model
    assert model.to_bytes() in pickle.dumps(model)
    model.save(tmp_path / "m.safetensors")
    assert oddshot.MetaModel.load(tmp_path / "m.safetensors") == model
    assert (tmp_path / "m.safetensors").read_bytes() == model.to_bytes()
    import safetensors.numpy

    assert safetensors.numpy.load_file(tmp_path / "m.safetensors")


def test_evaluation_gives_a_row_for_each_method_shots_and_task(suite, model, tmp_path):
    shares = []
    options = dict(shots=[1, 5], repeats=2, query_normals=100)
    result = oddshot.evaluate(model, suite, baselines=["knn", "ecod"], report=tmp_path / "r.html", progress=shares.append, **options)
    assert len(result) == 3 * 2 * 2
    assert set(result["method"]) == {"score-net", "knn", "ecod"}
    assert result["auroc"].between(0.3, 1).all()
    assert shares[-1] == 1 and shares == sorted(shares)
    assert "<html" in (tmp_path / "r.html").read_text()


def test_progress_gets_every_step_and_its_exception_ends_the_training(suite):
    steps = []
    oddshot.meta_train(suite, "score-net", steps=5, episodes=8, members=1, progress=lambda learner, step, steps_, loss: steps.append(step))
    assert steps == sorted(steps) and steps[-1] == 5

    def stop(learner, step, steps, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        oddshot.meta_train(suite, "score-net", steps=5000, episodes=8, members=1, progress=stop)


def test_a_bar_counts_to_its_end_where_it_is_asked_for(suite, model, capsys):
    pytest.importorskip("tqdm")
    oddshot.meta_train(suite, "score-net", steps=4, episodes=8, members=1, progress=True)
    told = capsys.readouterr().err
    assert "meta-training: 100%" in told and "score-net, loss" in told
    oddshot.evaluate(model, suite, baselines=["ecod"], shots=[1], repeats=1, query_normals=50, progress=True)
    assert "evaluating: 100%" in capsys.readouterr().err
    oddshot.evaluate(model, suite, baselines=["ecod"], shots=[1], repeats=1, query_normals=50)  # no terminal here
    assert capsys.readouterr().err == ""


def test_a_notebook_gets_a_bar_unasked(suite, capsys, monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))  # what a notebook's kernel has imported
    oddshot.meta_train(suite, "score-net", steps=2, episodes=8, members=1)
    assert "meta-training: 100%" in capsys.readouterr().err
    oddshot.meta_train(suite, "score-net", steps=2, episodes=8, members=1, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "options, words",
    [
        ({"stepz": 3}, "did you mean steps"),
        ({"steps": "many"}, "steps cannot be 'many'"),
        ({"steps": -1}, "steps cannot be -1"),
        ({"space": "raw"}, "no columns in common"),
        ({"learner": "score-ned"}, 'did you mean "score-net"'),
        ({"normals": 1}, "normals in the support must be 2 to 1000000, not 1"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_name(suite, options, words):
    with pytest.raises(oddshot.Error, match=words) as caught:
        oddshot.meta_train(suite, **options)
    assert isinstance(caught.value, ValueError)


def test_labels_and_names_of_tasks_are_checked(tasks):
    task = tasks[0]
    for wrong, words in [
        (oddshot.Task("t", task.X, task.y[:-1]), "259 labels for 260 rows"),
        (oddshot.Task("t", task.X, np.arange(260)), "t: y has 260 different labels"),
        (oddshot.Task("t", task.X[:, 0], task.y), "t has 1 dimension"),
    ]:
        with pytest.raises(ValueError, match=words):
            oddshot.Suite.from_tasks([wrong])
    with pytest.raises(ValueError, match='two tasks are called "table 0"'):
        oddshot.Suite.from_tasks([task, task])
    with pytest.raises(ValueError, match="there are no tasks"):
        oddshot.Suite.from_tasks([])
    with pytest.raises(ValueError, match='no task is left; "table 0" is no task: it has fewer than 41 anomalies'):
        oddshot.Suite.from_tasks([task], minimum_anomalies=41)
    assert oddshot.Suite.from_tasks([task, oddshot.Task("few", *make_few(task))]).notes == ['"few" is no task: it has fewer than 13 anomalies (minimum_anomalies)']
    repeated = oddshot.Task("repeated", np.vstack([task.X[task.y == 0], np.repeat(task.X[task.y == 1][:3], 7, axis=0)]), np.repeat([0, 1], [(task.y == 0).sum(), 21]))
    notes = oddshot.Suite.from_tasks([task, repeated]).notes
    assert notes == ["repeated: its 21 anomalies have only 3 distinct rows", '"repeated" is no task: it has fewer than 13 anomalies (minimum_anomalies)']


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"frames": None}, TypeError, "frames is of type NoneType"),
        ({"frames": {1: None}}, TypeError, "the name of a task is 1"),
        ({"frames": {"a": "rows"}}, ValueError, "a holds what is no number"),
        ({"held_out": "b"}, TypeError, "held_out is 'b'; it must be a list of names"),
        ({"held_out": ["b"]}, ValueError, 'held_out names "b", and there is no such task'),
        ({"label": 3}, TypeError, "label is 3"),
        ({"minimum_anomalies": 1.5}, TypeError, "minimum_anomalies is 1.5"),
        ({"minimum_anomalies": -1}, ValueError, "minimum_anomalies is -1"),
    ],
)
def test_an_argument_of_a_suite_that_cannot_be_is_refused_by_name(tasks, arguments, error, words):
    given = {"frames": {"a": frame(tasks[0])}} | arguments
    with pytest.raises(error, match=words) as caught:
        oddshot.Suite.from_frames(given.pop("frames"), **given)
    assert isinstance(caught.value, oddshot.Error)


def test_the_learners_of_the_command_line_are_listed():
    assert {"auto", "maml", "score-net", "proto"} <= set(oddshot.learners())


@pytest.mark.parametrize("path, error", [("nowhere/m.safetensors", OSError), (".", OSError)])
def test_a_file_that_cannot_be_read_is_an_oserror(path, error):
    with pytest.raises(error) as caught:
        oddshot.MetaModel.load(path)
    assert isinstance(caught.value, oddshot.Error)


def test_bytes_that_are_no_model_are_refused(model):
    content = model.to_bytes()
    for wrong in (b"", b"junk", content[:-1], content[: len(content) // 2], content + b"x"):
        with pytest.raises(oddshot.FormatError):
            oddshot.MetaModel.from_bytes(wrong)
