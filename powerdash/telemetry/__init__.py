"""Room: readings, rollups, series and retention."""
