"""Commands about the data sets that publishers offer."""
