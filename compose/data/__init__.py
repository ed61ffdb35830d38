"""Data sources, and the label space that they are trained and tested on."""
