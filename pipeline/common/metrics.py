"""Every Prometheus metric of the pipeline, with its purpose; none is defined elsewhere."""

from prometheus_client import Counter, Gauge, Histogram

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000)

BATCH_SIZE = Histogram(
    "nabiz_batch_messages",
    "Messages handled at once, by role. Large while catching up, small while live.",
    ["role"],
    buckets=_SIZES,
)
STAGE_SECONDS = Histogram(
    "nabiz_stage_seconds",
    "Seconds that a stage of a role (decode, score, fold, send) took for one batch.",
    ["role", "stage"],
    buckets=_LATENCY,
)
EVENTS = Counter(
    "nabiz_events_total",
    "Messages that a role has handled and acknowledged, valid or not.",
    ["role"],
)
BREACHES = Counter(
    "nabiz_breaches_total",
    "Times that a role could not go on where it had left off, by topic and kind: expired, "
    "truncated, recreated, states_lost, local_state. Not 0: Kafka or a disk has lost something.",
    ["role", "topic", "kind"],
)
MISSED = Counter(
    "nabiz_missed_messages_total",
    "Messages that were gone from Kafka before a role read them. Must be 0.",
    ["role", "topic"],
)
RECEIVED = Counter(
    "nabiz_received_total",
    "Requests of other systems, by connection and result: accepted, answered (a handshake), passed "
    "(a ping), unverified, throttled, too_large, method, away (of Kafka); of no connection: "
    "unknown, gone.",
    ["connection", "result"],
)
RECEIVE_SECONDS = Histogram(
    "nabiz_receive_seconds",
    "Seconds until Kafka had confirmed a delivery.",
    buckets=_LATENCY,
)
CONNECTIONS_REFUSED = Gauge(
    "nabiz_connections_refused",
    "Connections whose current entry in desk/connections.yaml is not in force; see nabiz doctor.",
)
LAST_DELIVERY = Gauge(
    "nabiz_connection_last_delivery_timestamp_seconds",
    "Unix time of the last delivery of a connection, as the API sees it on cx.received.",
    ["connection"],
)
CONNECTION_PATIENCE = Gauge(
    "nabiz_connection_patience_seconds",
    "How long after its last delivery a connection may be silent by its own rhythm; none where "
    "that is not known.",
    ["connection"],
)
DEAD_LETTERS = Counter(
    "nabiz_dead_letters_total",
    "Messages that could not be understood, by reason code. A jump means that a source changed.",
    ["reason"],
)
UNKNOWN_VALUES = Counter(
    "nabiz_unknown_values_total",
    "Events with a value that this version does not know, by field: type, author_type, "
    "score.metric. They are kept and not counted: a source is newer, or misspells it.",
    ["field"],
)
READINGS = Counter(
    "nabiz_readings_total",
    "Texts read, by engine and label. The model mix: a shift without a cause is drift.",
    ["engine", "label"],
)
HURRIED = Counter(
    "nabiz_hurried_readings_total",
    "Texts that `auto` had no time to read again. Rising: the load is near what the worker can do.",
)
REREAD = Counter(
    "nabiz_reread_texts_total",
    "Texts read again with patience after a reading in haste. Far below the hurried ones: no time.",
)
ALERTS = Counter(
    "nabiz_alerts_total",
    "Alert messages sent, by cause and state. Updates of an open alert count as state open.",
    ["cause", "state"],
)
ALERT_LATENCY = Histogram(
    "nabiz_event_to_alert_seconds",
    "Seconds from the broker's time of the event to the confirmed alert that it caused.",
    buckets=_LATENCY,
)
RULES_REFUSED = Gauge(
    "nabiz_rules_refused",
    "1 while the rule files are not in force because one of them is refused, else 0.",
)
RULE_FAILED = Gauge(
    "nabiz_rule_failed",
    "1 for a rule that failed on an event and does not hold there, until the rules change.",
    ["rule"],
)
FOLLOW_UPS = Counter(
    "nabiz_follow_ups_total",
    "Changes of follow-ups sent, by what changed last. Many escalated: SLAs are missed.",
    ["kind"],
)
CASES = Counter(
    "nabiz_cases_total",
    "Changes of customers' cases sent, by what changed last.",
    ["kind"],
)
DELIVERIES = Counter(
    "nabiz_deliveries_total",
    "Deliveries of other systems that were mapped, by connection and what they led to: events, "
    "ignored, unmapped (no mapping for this kind), refused, erase, waiting (for another delivery, "
    "or an answer of the source's API).",
    ["connection", "outcome"],
)
IGNORED = Counter(
    "nabiz_ignored_things_total",
    "Things of deliveries that are no events, by connection and the mapping's reason.",
    ["connection", "reason"],
)
UNMAPPED = Counter(
    "nabiz_unmapped_things_total",
    "Things of deliveries that nobody has mapped, by connection and kind. They stay on cx.received "
    "for as long as it keeps them.",
    ["connection", "kind"],
)
WAITING = Gauge(
    "nabiz_waiting_deliveries",
    "Deliveries that wait for what another is to tell, or for an answer of the source's API.",
)
LOOK_UPS = Counter(
    "nabiz_look_ups_total",
    "Questions to the APIs of sources, by connection and result: found, absent, failed.",
    ["connection", "result"],
)
SOURCE_ANSWERS = Counter(
    "nabiz_source_answers_total",
    "Answers of the APIs of sources, by connection and HTTP status.",
    ["connection", "status"],
)
POLLED = Counter(
    "nabiz_poll_entries_total",
    "Entries that sources answered with, those of the overlap included, by connection and poll.",
    ["connection", "poll"],
)
POLLS_FAILED = Counter(
    "nabiz_polls_failed_total",
    "Questions to sources that were given up and are asked again later, by connection and poll.",
    ["connection", "poll"],
)
POLLED_UNTIL = Gauge(
    "nabiz_poll_cursor_seconds",
    "Time up to which all is known of a source, in seconds since 1970, by connection and poll.",
    ["connection", "poll"],
)
STORE_INSERT_SECONDS = Histogram(
    "nabiz_store_insert_seconds",
    "Seconds until the store confirmed a batch, KPI minutes included, by kind of row.",
    ["kind"],
    buckets=_LATENCY,
)
STORE_RETRIES = Counter(
    "nabiz_store_retries_total",
    "Attempts that found the store away. Rising: the store is down or overloaded.",
)
DUPLICATES = Counter(
    "nabiz_duplicate_events_total",
    "Events delivered again with no higher revision, and so not stored again.",
)
NOTIFICATIONS = Counter(
    "nabiz_notifications_total",
    "Messages to people, by channel and result: sent, retried, failed (the channel is down), "
    "refused (it does not take it), not_kept_alive, not_configured (no channel of the route).",
    ["channel", "result"],
)
NOTIFICATION_SECONDS = Histogram(
    "nabiz_notification_seconds",
    "Seconds that one attempt of a channel took, by channel.",
    ["channel"],
    buckets=_LATENCY,
)
LAG_EVENTS = Gauge(
    "nabiz_lag_events",
    "Messages in the partitions of this worker that it has not committed.",
    ["role"],
)
LAG_SECONDS = Gauge(
    "nabiz_lag_seconds",
    "Age of the newest message that this worker has handled, while it lags; 0 when caught up.",
    ["role"],
)
LAST_COMMIT = Gauge(
    "nabiz_last_commit_timestamp_seconds",
    "Unix time at which this worker last committed an offset.",
    ["role"],
)
BROKER_UP = Gauge(
    "nabiz_broker_up",
    "1 while the API gets an answer from Kafka about the consumer groups, else 0.",
    ["bootstrap"],  # a worker that does not ask has no such figure
)
GROUP_LAG_EVENTS = Gauge(
    "nabiz_group_lag_events",
    "Messages that a role has not committed, asked of Kafka: true even where no worker runs.",
    ["role"],
)
GROUP_LAG_SECONDS = Gauge(
    "nabiz_group_lag_seconds",
    "Age of the oldest message that a role has not committed, asked of Kafka.",
    ["role"],
)
AUDIT_WAITING = Gauge(
    "nabiz_audit_waiting",
    "Entries of the audit trail that are not stored yet. Not 0 for long: the store is away.",
)
AUDIT_FAILURES = Counter(
    "nabiz_audit_failures_total",
    "Attempts to store entries of the audit trail that failed; they are tried again.",
)
AUDIT_LOST = Counter(
    "nabiz_audit_lost_total",
    "Entries of the audit trail that were lost. Must be 0: somebody's deed left no trace.",
)
LOGINS = Counter(
    "nabiz_logins_total",
    "Attempts to log in, by result. Many refused or throttled: somebody guesses passwords.",
    ["result"],
)
