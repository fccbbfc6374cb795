"""Notification channels: Alertmanager, PagerDuty, e-mail, and the services of Apprise."""
