"""A step of training that several processes take together as one would take it."""
