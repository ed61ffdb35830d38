"""Pictures that are drawn, not read: the embedded data."""
