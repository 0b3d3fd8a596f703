"""A simulated fleet: loads as pure functions of seed and time, and their sender."""
