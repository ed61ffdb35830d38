"""Spatial, channel, label and task attention."""
