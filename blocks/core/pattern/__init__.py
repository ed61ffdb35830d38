"""Patterns, layouts and sizes of parameters, checked when a spec is read: nothing here imports torch."""
