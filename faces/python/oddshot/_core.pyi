from collections.abc import Sequence

class Error(Exception): ...

class ArgumentError(Error, ValueError): ...

class FormatError(Error, ValueError): ...

class IoError(Error, OSError): ...

class KindError(Error, TypeError): ...

class NumericError(Error, ArithmeticError): ...

class ShapeError(Error, ValueError): ...


def experts() -> list:
    """
    (name, whether it uses labels, why it cannot be used on this machine or "") of every expert, in the order of tables.
    """

class FittedExpert:
    """
    An expert fitted on normal rows X [N x D] and, if it uses labels, anomalies [A x D].
    """

    def __init__(self, name: str, X: object, anomalies: object | None, seed: int) -> None: ...

    def score(self, X: object, out: object, threads: int) -> None:
        """
        Scores of X [M x D], rising with abnormality, to out [M] of float32; threads as of n_jobs, 0: one per core.
        """

    def fitting_scores(self, out: object) -> None:
        """
        To out [N] the scores that the fitting rows would have had, had each been left out.
        """

class Table:
    """Named columns of numbers and categories."""

    def __init__(self) -> None: ...

    @staticmethod
    def from_stream(capsule: object, name: str, numeric: Sequence[str], category: Sequence[str]) -> Table:
        """Of what __arrow_c_stream__ gives."""

    @staticmethod
    def from_batch(schema: object, array: object, name: str, numeric: Sequence[str], category: Sequence[str]) -> Table:
        """Of what __arrow_c_array__ gives."""

    @staticmethod
    def from_matrix(X: object, names: Sequence[str], name: str) -> Table:
        """Of an array [N x D] of float32 or float64, NaN where missing."""

    def add_category(self, name: str, codes: Sequence[int], words: Sequence[str]) -> None: ...

    def add_numeric(self, name: str, values: object) -> None: ...

    def columns(self) -> list:
        """(name, whether it is numeric) of each column."""

    def numbers(self, name: str, out: object) -> None:
        """Of a numeric column, to out [N] of float32; NaN where missing."""

    def select(self, names: Sequence[str]) -> Table:
        """The columns of these names, in this order."""

    def __len__(self) -> int: ...

def write_file(path: str, text: str) -> None:
    """Replaces the file, or makes it, in one step."""

def shipped_models() -> list[str]:
    """Names of the models that ship, sorted."""

def find_model(model: str) -> str:
    """The file of a model that ships, or the path itself."""

class MetaModel:
    """What was meta-learned."""

    @staticmethod
    def load(path: str) -> MetaModel: ...

    @staticmethod
    def parse(bytes: bytes, name: str) -> MetaModel: ...

    def save(self, path: str) -> None: ...

    def serialise(self) -> bytes: ...

    def describe(self, json: bool) -> str: ...

    @property
    def learner(self) -> str: ...

    @property
    def space(self) -> str: ...

    @property
    def suite(self) -> str: ...

    @property
    def training_tasks(self) -> list[str]: ...

    @property
    def losses(self) -> list[float]: ...

    @property
    def steps(self) -> int: ...

    @property
    def seed(self) -> int: ...

def false_discovery_cut(p_values: object, count: int, share: float) -> float | None:
    """
    Alerts are the p-values up to this, so that at most the share of them is false on average; None if there are no alerts.
    """

class Detector:
    """A model adapted to one table."""

    @staticmethod
    def adapt(model: MetaModel, table: Table, label: str, *, weight: str, ignored: Sequence[str], calibration: str, max_false_alarms: float | None, trim: float, fall_back: bool, keep_rows: bool, when: str, threads: int) -> Detector:
        """
        To rows of which the column `label` says "normal" or "anomaly", or nothing.
        """

    @staticmethod
    def load(path: str) -> Detector: ...

    @staticmethod
    def parse(bytes: bytes, name: str) -> Detector: ...

    def updated(self, table: Table, when: str, threads: int) -> Detector: ...

    def without(self, table: Table, when: str, threads: int) -> Detector: ...

    def save(self, path: str) -> None: ...

    def export_onnx(self, path: str) -> None: ...

    def serialise(self) -> bytes: ...

    def describe(self, json: bool) -> str: ...

    def score(self, table: Table, out: object, threads: int) -> None:
        """Scores of the rows to out [N] of float32."""

    def score_rows(self, X: object, names: Sequence[str], out: object, threads: int) -> None:
        """The same of X [N x D], whose columns are called `names`."""

    def p_values(self, scores: object, weight: object | None, out: object, count: int) -> None:
        """
        Of scores [count] of float32, with weights [count] of float32 or None, to out [count] of float64.
        """

    def probabilities(self, scores: object, share: float, out: object, count: int) -> None:
        """
        Of scores [count] of float32, where this share of rows are anomalies, to out [count] of float64.
        """

    def explain(self, table: Table, background: int, evaluations: int, neighbours: int, columns: int, threads: int) -> list:
        """(JSON, card) of every row."""

    def drift(self, table: Table, json: bool, threads: int) -> str: ...

    def left_out_auroc(self, threads: int) -> float | None: ...

    def threshold(self, rate: float) -> float:
        """A row is an alert where its score is above this."""

    def kept_columns(self) -> list:
        """
        (name, whether it is numeric) of the columns of the rows that are kept.
        """

    def history(self) -> list: ...

    @property
    def notes(self) -> list[str]: ...

    @property
    def normals(self) -> int: ...

    @property
    def anomalies(self) -> int: ...

    @property
    def method(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def weight(self) -> str: ...

    @property
    def words(self) -> tuple:
        """The labels (normal, anomaly) as the kept rows spell them."""

    @property
    def knows_probabilities(self) -> bool:
        """
        Whether the model kept how its scores become probabilities, serves itself, and was adapted to normals enough.
        """

    @property
    def max_false_alarms(self) -> float | None: ...

    @property
    def calibration(self) -> str: ...

    @property
    def calibrators(self) -> int: ...

    @property
    def weighted(self) -> bool: ...

    @property
    def numeric(self) -> list[str]: ...

    @property
    def category(self) -> list[str]: ...

class Suite:
    """Tasks cut from tables, encoded."""

    @staticmethod
    def of_frames(name: str, tables: list, label: str, normal: Sequence[str], ignored: Sequence[str], minimum: int) -> Suite: ...

    @staticmethod
    def of_frame(name: str, table: Table, label: str, normal: Sequence[str], ignored: Sequence[str], minimum: int, training: Sequence[str], held_out: Sequence[str], held_out_normals: float, group: str) -> Suite: ...

    @staticmethod
    def simulated(name: str) -> Suite: ...

    def tasks(self) -> list:
        """(name, held out, normals, anomalies) of each task."""

    def too_small(self) -> list:
        """
        Names of the kinds or tables with fewer anomalies than minimum_anomalies.
        """

    @property
    def minimum_anomalies(self) -> int: ...

    def describe(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def of_tables(self) -> bool: ...

    @property
    def notes(self) -> list[str]: ...

def train(suite: Suite, learner: str, options: dict, threads: int, progress: object | None) -> MetaModel: ...

def evaluate(suite: Suite, models: list, baselines: Sequence[str], options: dict, threads: int, progress: object | None) -> tuple: ...

def baselines() -> list[str]: ...

def options() -> list[str]: ...

def learners() -> list: ...
