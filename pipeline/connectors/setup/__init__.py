"""Which connections and mappings are in force, and how people come to one."""
