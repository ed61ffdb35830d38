"""The reference: what a spec may name, the commands, and the Python API."""
