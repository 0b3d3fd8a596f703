"""Door: HTTP for people and programs — JSON API and Inertia pages."""
