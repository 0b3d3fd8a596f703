"""Speed, measured beside its limits in one run: `make bench`."""
