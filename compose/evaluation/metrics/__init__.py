"""The metrics that a spec may name, one a file."""
