"""Dashboards as code: SQL, texts and layout; `python -m grafana` writes their JSON."""
