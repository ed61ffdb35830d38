"""Networks over label graphs."""
