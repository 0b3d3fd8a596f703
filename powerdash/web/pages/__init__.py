"""Inertia pages, one file per noun: typed props in, a page out."""
