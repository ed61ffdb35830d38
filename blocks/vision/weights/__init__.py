"""Files of weights: what they hold, whatever program saved them, and how it fits a network."""
