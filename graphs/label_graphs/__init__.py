"""Graphs over labels."""
