"""Image networks of several libraries, each cut behind its deepest tap and read in the same way."""
