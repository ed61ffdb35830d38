"""Commands over many runs."""
