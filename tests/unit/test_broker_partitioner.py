from aiokafka.partitioner import DefaultPartitioner as Aiokafka
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2


@settings(max_examples=100)
@given(customer_id=st.text(min_size=1, max_size=200), partitions=st.integers(1, 64))
def test_a_customer_has_one_partition_whichever_client_sends(
    customer_id: str, partitions: int
) -> None:
    key = customer_id.encode()
    every = list(range(partitions))

    assert (murmur2(key) & 0x7FFFFFFF) % partitions == Aiokafka()(key, every, every)
