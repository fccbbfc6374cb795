"""The connections and mappings in force, and ways to add a connection."""
