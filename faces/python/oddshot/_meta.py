"""Meta-learning: tasks and suites of them, training on them, judging what came of it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Mapping, Sequence

import numpy as np

from . import _core
from ._checks import count_of, names_of, number_of, text_of, threads_of
from ._labels import labels_of
from ._tables import new_name, table_of, with_labels


@dataclass(frozen=True)
class Task:
    """One detection problem: a table, and which of its rows are anomalies.

    Parameters
    ----------
    name : str
    X : array or frame of shape (n_samples, n_features)
        Columns of its own: numbers, categories, gaps.
    y : array of shape (n_samples,)
        0 normal, 1 anomaly; -1, NaN or None where it is not known (such rows are not used).
    held_out : bool, default=False
        Whether the task is kept from training, to judge by.
    """

    name: str
    X: Any
    y: Any
    held_out: bool = False


class Suite:
    """Tasks, and what is learned on and what is held out. Made by its class methods."""

    def __init__(self, core: Any) -> None:
        self._core = core
        if not core.tasks():
            raise _core.ArgumentError("; ".join(["no task is left", *self.notes]))

    @classmethod
    def from_tasks(cls, tasks: Iterable[Task], *, name: str = "tasks", minimum_anomalies: int = 13) -> Suite:
        """A suite of tables, each a task with columns of its own.

        Parameters
        ----------
        tasks : iterable of Task
        name : str
        minimum_anomalies : int, default=13
            A table with fewer distinct ones is no task, and is noted.

        Returns
        -------
        Suite

        Raises
        ------
        ValueError
            If names or labels are not what they should be, or no task is left.
        """
        tables, names = [], set()
        for task in tasks:
            if not isinstance(task, Task):
                raise _core.KindError(f"a task is {task!r}; it must be a Task")
            text_of(task.name, "the name of a task")
            if task.name in names:
                raise _core.ArgumentError(f'two tasks are called "{task.name}"')
            names.add(task.name)
            table = table_of(task.X, task.name)
            labels = labels_of(task.y, f"{task.name}: y")
            if len(labels) != len(table):
                raise _core.ShapeError(f"{task.name}: {len(labels)} labels for {len(table)} rows")
            tables.append((table, labels, task))
        label = "label"
        while any(label != new_name(label, table) for table, _, _ in tables):
            label += "_"
        made = [(task.name, with_labels(table, labels, label), bool(task.held_out)) for table, labels, task in tables]
        if not made:
            raise _core.ArgumentError("there are no tasks")
        least = count_of(minimum_anomalies, "minimum_anomalies")
        return cls(_core.Suite.of_frames(text_of(name, "name"), made, label, ["normal"], [], least))

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, Any],
        *,
        label: str = "label",
        normal: Any = ("normal", "0"),
        held_out: Sequence[str] = (),
        ignored: Sequence[str] = (),
        name: str = "frames",
        minimum_anomalies: int = 13,
    ) -> Suite:
        """A suite of tables by the names of their tasks, each with its labels in a column.

        Parameters
        ----------
        frames : mapping of str to frame
            pandas, polars, pyarrow or anything with an Arrow interface.
        label : str, default="label"
            The column of labels. Rows without one are not used.
        normal : str, number or sequence of them
            Labels that mean normal; all others are anomalies.
        held_out : sequence of str
            Names of the tasks to judge by.
        ignored : sequence of str
            Columns that are no features.
        name : str, default="frames"
            What messages and reports call the suite.
        minimum_anomalies : int, default=13
            A table with fewer distinct ones is no task, and is noted.

        Returns
        -------
        Suite

        Raises
        ------
        ValueError
            If a name of ``held_out`` is no task, a column is missing, or no task is left.
        TypeError
            If an argument is of a type that cannot serve.
        """
        if not isinstance(frames, Mapping):
            raise _core.KindError(f"frames is of type {type(frames).__name__}; it must be a mapping of names to tables")
        apart = names_of(held_out, "held_out")
        made = [(text_of(task, "the name of a task"), table_of(frame, task), task in apart) for task, frame in frames.items()]
        _check_names("held_out", apart, list(frames))
        if not made:
            raise _core.ArgumentError("there are no frames")
        least = count_of(minimum_anomalies, "minimum_anomalies")
        return cls(_core.Suite.of_frames(text_of(name, "name"), made, text_of(label, "label"), _words(normal), names_of(ignored, "ignored"), least))

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        label: str = "label",
        normal: Any = "normal",
        training: Sequence[str] = ("*",),
        held_out: Sequence[str] = (),
        held_out_normals: float = 0.5,
        group: str = "",
        ignored: Sequence[str] = (),
        name: str = "frame",
        minimum_anomalies: int = 13,
    ) -> Suite:
        """A suite of one table: each anomalous label is a task, and all share the columns.

        Parameters
        ----------
        frame : frame
        label : str
            The column that names the kind of each row.
        normal : str, number or sequence of them, default="normal"
            Labels that mean normal; each must occur.
        training, held_out : sequence of str
            Labels whose tasks are learned on and judged by; "*" is every other one. Rows of a kind that is held out are never among the training
            rows.
        held_out_normals : float, default=0.5
            Share of the normal rows that held-out tasks get.
        group : str
            A column; rows of one group never serve both sides.
        ignored : sequence of str
            Columns that are no features.
        name : str, default="frame"
            What messages and reports call the suite.
        minimum_anomalies : int, default=13
            A kind with fewer rows is no task, and is noted.

        Returns
        -------
        Suite

        Raises
        ------
        ValueError
            If a label or column that is named does not occur, or no task is left.
        TypeError
            If an argument is of a type that cannot serve.
        """
        table = table_of(frame, text_of(name, "name"))
        return cls(
            _core.Suite.of_frame(
                name,
                table,
                text_of(label, "label"),
                _words(normal),
                names_of(ignored, "ignored"),
                count_of(minimum_anomalies, "minimum_anomalies"),
                names_of(training, "training"),
                names_of(held_out, "held_out"),
                number_of(held_out_normals, "held_out_normals"),
                text_of(group, "group"),
            )
        )

    @classmethod
    def simulated(cls, name: str = "payment-fraud") -> Suite:
        """A suite whose rows a simulator makes: it needs no data.

        Parameters
        ----------
        name : str, default="payment-fraud"
            Of a suite that ships.

        Returns
        -------
        Suite

        Raises
        ------
        ValueError
            If no such suite ships, or it is of files.
        """
        return cls(_core.Suite.simulated(text_of(name, "name", "the name of a suite")))

    @property
    def name(self) -> str:
        return self._core.name

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Of each task its name, whether it is held out, and its numbers of normal and anomalous rows."""
        return [dict(zip(("name", "held_out", "normals", "anomalies"), task)) for task in self._core.tasks()]

    @property
    def notes(self) -> list[str]:
        """What a user should know: rows left out, and why."""
        few = f"it has fewer than {self._core.minimum_anomalies} anomalies (minimum_anomalies)"
        return [*self._core.notes, *(f'"{name}" is no task: {few}' for name in self._core.too_small())]

    def __str__(self) -> str:
        return self._core.describe()

    def __repr__(self) -> str:
        held_out = sum(task["held_out"] for task in self.tasks)
        return f"<Suite {self.name}: {len(self.tasks) - held_out} training tasks, {held_out} held out>"


class MetaModel:
    """What was meta-learned. A value: it never changes, pickles as its own bytes, and is saved as a file that every other face reads."""

    def __init__(self, core: Any) -> None:
        self._core = core

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MetaModel:
        """The model of a file, of ``save`` or of ``oddshot train``; or of a name, as "universal", of one that ships.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        MetaModel

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is not a model of ours, is damaged, or is of a later version; or if no model of that name ships (naming those that do).

        Examples
        --------
        >>> import oddshot
        >>> oddshot.MetaModel.load("universal").space
        'table'
        """
        file = os.fspath(path)
        if os.path.basename(file) == file and not os.path.splitext(file)[1] and not os.path.exists(file):
            file = _core.find_model(file)
        return cls(_core.MetaModel.load(file))

    @classmethod
    def of(cls, model: Any) -> MetaModel:
        """A model, or the one of a path or name.

        Parameters
        ----------
        model : MetaModel, str or path

        Returns
        -------
        MetaModel

        Raises
        ------
        TypeError
            If it is neither; and as ``load`` does.
        """
        if isinstance(model, MetaModel):
            return model
        if isinstance(model, (str, os.PathLike)):
            return cls.load(model)
        raise _core.KindError(f"model is {model!r}; it must be a MetaModel, the path of a model file, or the name of a model that ships")

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "bytes") -> MetaModel:
        """The model of a file's content.

        Parameters
        ----------
        content : bytes
        name : str, default="bytes"
            What messages call it.

        Returns
        -------
        MetaModel

        Raises
        ------
        TypeError
            If the content is not bytes.
        ValueError
            If it is no model of ours, is damaged, or is of a later version.
        """
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise _core.KindError(f"content is of type {type(content).__name__}; it must be bytes")
        return cls(_core.MetaModel.parse(bytes(content), text_of(name, "name")))

    def to_bytes(self) -> bytes:
        """The content of its file.

        Returns
        -------
        bytes
            In the safetensors layout: no code.
        """
        return self._core.serialise()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, whole or not at all.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        OSError
            If it cannot be written.
        """
        self._core.save(os.fspath(path))

    def adapt(self, X: Any, y: Any = None, *, weight: Any = None, **parameters: Any) -> Any:
        """Adapt to rows of which a few are labelled.

        Parameters
        ----------
        X, y, weight
            As of :meth:`FewShotDetector.fit`.
        **parameters
            Of :class:`FewShotDetector`, as ``max_false_alarms=0.01``, ``calibration="held-back"``, ``contamination_robust=0.1``.

        Returns
        -------
        FewShotDetector
            Fitted.
        """
        from ._few_shot import FewShotDetector

        return FewShotDetector(self, **parameters).fit(X, y, weight=weight)

    @property
    def learner(self) -> str:
        return self._core.learner

    @property
    def space(self) -> str:
        """What it sees of a row: "table" for a model of any table."""
        return self._core.space

    @property
    def training_tasks(self) -> list[str]:
        return self._core.training_tasks

    @property
    def losses(self) -> np.ndarray:
        """The mean episode loss of each training step."""
        return np.asarray(self._core.losses)

    def describe(self, json: bool = False) -> str:
        """What ``oddshot inspect`` prints.

        Parameters
        ----------
        json : bool, default=False
            For programs instead of people.

        Returns
        -------
        str
        """
        return self._core.describe(json)

    def __reduce__(self) -> tuple[Any, ...]:
        return MetaModel.from_bytes, (self.to_bytes(), "pickle")

    def __deepcopy__(self, memo: dict[int, Any]) -> MetaModel:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MetaModel) and (self is other or self.to_bytes() == other.to_bytes())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<MetaModel {self.learner}, space {self.space}, trained on {len(self.training_tasks)} tasks of {self._core.suite}>"


Progress = Callable[[str, int, int, float], None]


def meta_train(
    tasks: Suite | Iterable[Task], learner: str = "auto", *, progress: bool | Progress | None = None, n_jobs: int | None = -1, **options: Any
) -> MetaModel:
    """Learn across the training tasks.

    Parameters
    ----------
    tasks : Suite or iterable of Task
    learner : str, default="auto"
        As ``oddshot learners`` lists them; "auto" is what leaving training tasks out shows to be best.
    progress : bool or callable, default=None
        True shows a bar (needs tqdm); None does so in a terminal or notebook that has tqdm. A callable gets (learner, step, steps, loss) between steps,
        and an exception of it ends the training and comes out.
    n_jobs : int, default=-1
        Threads; the model does not depend on their number.
    **options
        The options of ``oddshot train`` with underscores: ``steps=200``, ``shots=[1, 5]``, ``normals=50``, ``space="table"``, ``seed=1``, ...

    Returns
    -------
    MetaModel

    Raises
    ------
    ValueError
        For an option that does not exist (with the nearest that does) or is out of range, or tasks that are too small.
    """
    suite = tasks if isinstance(tasks, Suite) else Suite.from_tasks(tasks)
    with _Bar(progress, "meta-training") as bar:
        return MetaModel(_core.train(suite._core, learner, options, threads_of(n_jobs), bar.training))


def evaluate(
    models: MetaModel | Sequence[MetaModel],
    suite: Suite | Iterable[Task],
    *,
    baselines: Sequence[str] | str = "all",
    report: str | os.PathLike[str] | None = None,
    progress: bool | Callable[[float], None] | None = None,
    n_jobs: int | None = -1,
    **options: Any,
) -> Any:
    """Judge models on the held-out tasks, beside the simple methods, on the same draws.

    Parameters
    ----------
    models : MetaModel or sequence of them
    suite : Suite or iterable of Task
    baselines : sequence of str or "all", default="all"
        As of ``oddshot evaluate``; "all" are the experts on plain columns.
    report : path, default=None
        Where to write the report, one page to open in a browser.
    progress : bool or callable, default=None
        As in ``meta_train``; a callable gets the share done.
    n_jobs : int, default=-1
        Threads; the results do not depend on their number.
    **options
        ``shots``, ``normals``, ``repeats``, ``query_normals``, ``query_anomalies``, ``seed``.

    Returns
    -------
    pandas.DataFrame
        A row for each method, number of shots and held-out task: method, kind, shots, task, prevalence, auroc, auprc, precision, recall, f1,
        recall_at_1_percent; missing where undefined.
    """
    suite = suite if isinstance(suite, Suite) else Suite.from_tasks(suite)
    chosen = [models] if isinstance(models, MetaModel) else list(models)
    names = [name for name, _, missing in _core.experts() if not missing] if baselines == "all" else [baselines] if isinstance(baselines, str) else list(baselines)
    with _Bar(progress, "evaluating") as bar:
        rows, _, _, page = _core.evaluate(suite._core, [model._core for model in chosen], names, options, threads_of(n_jobs), bar.evaluation)
    if report is not None:
        _core.write_file(os.fspath(report), page)
    import pandas

    return pandas.DataFrame(rows)


def learners() -> dict[str, str]:
    """The learners and what each does.

    Returns
    -------
    dict of str to str
        Name to summary, "auto" first.
    """
    return dict([("auto", "what leaving training tasks out shows to be best"), *_core.learners()])


class _Bar:
    """The progress that a caller asked for: nothing, a callable of theirs, or a bar of tqdm."""

    def __init__(self, wish: Any, title: str) -> None:
        self._callback = wish if callable(wish) else None
        self._bar: Any = None
        if wish is True or (wish is None and (sys.stderr.isatty() or "ipykernel" in sys.modules)):
            try:
                from tqdm.auto import tqdm
            except ImportError:
                if wish is True:
                    raise
                return
            self._bar = tqdm(total=1.0, desc=title, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}")

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.close()

    @property
    def training(self) -> Any:
        return self._train if self._bar is not None or self._callback is not None else None

    @property
    def evaluation(self) -> Any:
        return self._evaluate if self._bar is not None or self._callback is not None else None

    def _train(self, learner: str, step: int, steps: int, loss: float) -> None:
        if self._callback is not None:
            self._callback(learner, step, steps, loss)
        if self._bar is not None:
            self._bar.set_postfix_str(f"{learner}, loss {loss:.4f}", refresh=False)
            self._move(step / max(1, steps))

    def _evaluate(self, share: float) -> None:
        if self._callback is not None:
            self._callback(share)
        if self._bar is not None:
            self._move(share)

    def _move(self, share: float) -> None:
        self._bar.n = share
        self._bar.update(0)


def _words(values: Any) -> list[str]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        values = [values]
    return [str(int(v)) if isinstance(v, (bool, np.bool_)) else f"{v:g}" if isinstance(v, float) else str(v) for v in values]


def _check_names(what: str, names: Sequence[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise _core.ArgumentError(f'{what} names "{name}", and there is no such task')
