"""Debian's ClickHouse 18.16: the one server that tests and benchmarks can install.

No user runs it: Nabız supports 24.8 and later (`pipeline.store.supported`). It stands in for such a
server where the wire matters (types, inserts, parameters, connections that break) and for the
tables that `record` writes. Whatever only its age demands is in this folder; the SQL of KPIs and
dashboards is written for 24.8 and tested on chDB.
"""
