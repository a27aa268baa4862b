"""Writes the Parquet and Arrow files beside this script. Needs the pyarrow of requirements/arrow.txt: .venv/bin/python tests/data/golden/make_typed_files.py"""

import datetime as dt
import decimal
import pathlib

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
NOON = dt.datetime(2024, 5, 1, 12, 0, 0, 250_000, dt.timezone.utc)

types = pa.table(
    {
        "int": pa.array([1, None, -3], pa.int64()),
        "small": pa.array([255, 0, None], pa.uint8()),
        "double": pa.array([0.1, float("nan"), -2.5e-3], pa.float64()),
        "half": pa.array([1.5, None, -2.0], pa.float16()),
        "bool": pa.array([True, False, None], pa.bool_()),
        "decimal": pa.array([decimal.Decimal("12.34"), None, decimal.Decimal("-0.01")], pa.decimal128(10, 2)),
        "null": pa.array([None, None, None], pa.null()),
        "text": pa.array([" tcp ", "?", None], pa.string()),
        "digits": pa.array(["7", "08", "7"], pa.large_string()),
        "coded": pa.array(["a", "b", "a"]).dictionary_encode(),
        "codes": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array([10, 20], pa.int64())),
        "day": pa.array([dt.date(1969, 12, 31), None, dt.date(2024, 2, 29)], pa.date32()),
        "time": pa.array([NOON, None, NOON.replace(microsecond=0)], pa.timestamp("ms", "UTC")),
        "local": pa.array([NOON.replace(tzinfo=None), None, None], pa.timestamp("s")),
        "clock": pa.array([dt.time(1, 2, 3, 500_000), None, dt.time(0)], pa.time64("us")),
        "span": pa.array([dt.timedelta(seconds=90), None, dt.timedelta(milliseconds=-500)], pa.duration("ms")),
        "list": pa.array([[1], [], None], pa.list_(pa.int64())),
    }
)

pa.parquet.write_table(types.drop_columns(["codes", "null"]), HERE / "types.parquet", row_group_size=2, compression="snappy")
pa.feather.write_feather(types, HERE / "types.feather", compression="lz4")
with pa.ipc.new_stream(str(HERE / "types_stream.arrow"), types.schema) as stream:
    stream.write_table(types, max_chunksize=2)

numbers = pa.table({"a": pa.array([1.0, 2.0, float("inf")]), "b": pa.array([1.0, 1e300, 3.0])})
pa.parquet.write_table(numbers, HERE / "infinite.parquet", compression="none")
pa.parquet.write_table(numbers.slice(0, 0), HERE / "no_rows.parquet", compression="none")
