-- The condition on the revision holds always: ClickHouse 18 forgets that FINAL needs a column that PREWHERE names.
is_deleted = 0 AND revision >= 0
