"""Running notebooks: parameters, runs, sweeps, and where they stand."""
