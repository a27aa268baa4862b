# Apache Arrow C++ with Parquet as the targets oddshot_arrow: from the system if present, else from the pyarrow wheel in .venv.
