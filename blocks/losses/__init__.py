"""The losses: blocks whose result is a scalar."""
