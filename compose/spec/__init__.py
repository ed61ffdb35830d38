"""From YAML text to a checked plan: load, resolve, check, wire. Nothing here imports torch."""
