"""How two specs or runs differ, as people talk of it: nodes, parameters, wiring, losses, stages, data, protocol."""
