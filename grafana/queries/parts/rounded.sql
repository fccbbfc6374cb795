-- To a whole number, halves away from zero, as pipeline.kpi.estimates.rounded has it.
if(value < 0, -1, 1) * floor(abs(value) + 0.5)
