"""Data sets in the files that their publishers offer, with nothing to convert by hand."""
