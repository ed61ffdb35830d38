"""YAML text and trees that remember where each value stands."""
