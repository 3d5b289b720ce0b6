import os

from server.middleware.process_slot import ProcessSlot


def in_another_process(task):
    """Return what `task` returns in a process of its own, which then ends."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, str(task()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        return int(answer.read())


def test_a_process_keeps_its_number(tmp_path):
    slot = ProcessSlot(str(tmp_path))
    assert [slot(), slot()] == [0, 0]


def test_a_child_takes_a_number_of_its_own_that_the_next_takes_over(tmp_path):
    slot = ProcessSlot(str(tmp_path))
    assert slot() == 0
    assert [in_another_process(slot) for _ in range(3)] == [1, 1, 1]
    assert slot() == 0


def test_processes_that_live_side_by_side_have_different_numbers(tmp_path):
    slot = ProcessSlot(str(tmp_path))
    assert in_another_process(lambda: 10 * slot() + in_another_process(slot)) == 1
