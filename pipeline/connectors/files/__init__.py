"""Files of other systems: tables and workbooks, read row by row as deliveries."""
