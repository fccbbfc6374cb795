"""Hears of each change of an alert and acts on it: python subscribe.py kafka:9092"""

import json
import sqlite3
import sys

from kafka import KafkaConsumer

seen = sqlite3.connect("seen.db", isolation_level=None)  # survives us, so that nothing rings twice
seen.execute("CREATE TABLE IF NOT EXISTS seen (alert TEXT PRIMARY KEY, revision INT)")
consumer = KafkaConsumer("cx.alerts", bootstrap_servers=sys.argv[1], group_id="my-team",
                         group_instance_id="one", auto_offset_reset="earliest",
                         enable_auto_commit=False)  # fmt: skip
for message in consumer:
    alert = json.loads(message.value)["data"]
    known = seen.execute("SELECT revision FROM seen WHERE alert = ?", [alert["id"]]).fetchone()
    if known is None or alert["revision"] > known[0]:
        print(alert["state"], alert["severity"], alert["customer_id"], alert["title"], flush=True)
        seen.execute("REPLACE INTO seen VALUES (?, ?)", [alert["id"], alert["revision"]])
    consumer.commit()
