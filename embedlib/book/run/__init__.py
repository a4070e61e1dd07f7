"""Run notebooks: their parameters, single runs, sweeps over many values, and the state of each run."""
