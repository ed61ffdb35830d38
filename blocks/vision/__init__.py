"""Backbones, the forward pyramid, channel groups, regions."""
