"""Names of `bootstrap` and `estimates` that chapters still use from here."""

from embedlib.metrics.bootstrap import resample_counts as resample_counts
from embedlib.metrics.estimates import percentile_interval as percentile_interval
