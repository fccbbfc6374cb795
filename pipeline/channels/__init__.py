"""Ways to people: Alertmanager, PagerDuty, e-mail, and all that Apprise reaches."""
