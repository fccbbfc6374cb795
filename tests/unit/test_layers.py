"""The profile of the benchmarks: which part of the code a sample counts for."""

from benchmarks.layers import OTHER, layer_of, shares

LOOP = "Runner.run (asyncio/runners.py:118)"
READ = "Reader.read (pipeline/text/reader.py:42)"


def test_a_stack_counts_for_its_innermost_known_frame() -> None:
    batch = "read_batches.<locals>.work (agents/runtime/batches.py:63)"
    assert layer_of([LOOP, batch, READ, "take (numpy/fromnumeric.py:54)"]) == "reading texts"
    assert layer_of([LOOP, batch]) == "messages in and out"
    assert layer_of([LOOP]) == OTHER


def test_shares_are_of_all_samples_the_largest_first() -> None:
    assert list(shares([f"{LOOP} 1", f"{LOOP};{READ} 2", f"{READ} 1"]).items()) == [
        ("reading texts", 0.75),
        (OTHER, 0.25),
    ]
