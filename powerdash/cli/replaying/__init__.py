"""Series of readings read from CSV files and posted as a device."""
