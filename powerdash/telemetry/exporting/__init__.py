"""Ranges of readings and rollups as files: CSV, Parquet, XLSX, in constant memory."""
