-- Of k of n now and k_before of n_before: the change of the share in percentage points, with an interval of
-- three standard errors (Agresti and Caffo 2000: a case for and one against are added to each), since many
-- are compared at once.
100 * (k / n - k_before / n_before) AS value,
    100 * ((k + 1) / (n + 2) - (k_before + 1) / (n_before + 2) - 3 * sqrt(
        (k + 1) * (n - k + 1) / pow(n + 2, 3) + (k_before + 1) * (n_before - k_before + 1) / pow(n_before + 2, 3))) AS low,
    100 * ((k + 1) / (n + 2) - (k_before + 1) / (n_before + 2) + 3 * sqrt(
        (k + 1) * (n - k + 1) / pow(n + 2, 3) + (k_before + 1) * (n_before - k_before + 1) / pow(n_before + 2, 3))) AS high
