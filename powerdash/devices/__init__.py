"""Room: devices, their secrets and the life they lead."""
