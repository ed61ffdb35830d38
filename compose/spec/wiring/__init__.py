"""From the nodes of a spec to a plan: what is computed, in order, and what feeds it."""
