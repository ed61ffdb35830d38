"""What the functions of :mod:`compose` do, and what they return."""
