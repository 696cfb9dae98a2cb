"""A loader as PyTorch's: W forked workers, worker i makes the batches i, i+W, ...; the main process takes them in order,
with 2 batches per worker on their way, and computes (sleeps) 20 ms for each."""
import os
import random
import sys
import time

WORKERS, AHEAD, BATCH, EPOCHS, COMPUTE_S, PIECE = 4, 2, 4, 2, 0.020, 262144


def read_sample(path):
    descriptor = os.open(path, os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    total = 0
    while total < size:
        total += len(os.read(descriptor, PIECE))
    os.close(descriptor)
    return total


def work(tasks, done, batches):
    """One byte in: the next batch is wanted. One byte out: it is there."""
    for batch in batches:
        if not os.read(tasks, 1):
            break
        for path in batch:
            read_sample(path)
        os.write(done, b"x")
    os._exit(0)


def epoch(paths):
    batches = [paths[i:i + BATCH] for i in range(0, len(paths) - BATCH + 1, BATCH)]
    workers = []
    for worker in range(WORKERS):
        tasks, done = os.pipe(), os.pipe()
        if os.fork() == 0:
            work(tasks[0], done[1], batches[worker::WORKERS])
        workers.append((tasks[1], done[0]))
    for number in range(min(len(batches), AHEAD * WORKERS)):
        os.write(workers[number % WORKERS][0], b"x")
    for number in range(len(batches)):
        tasks, done = workers[number % WORKERS]
        os.read(done, 1)
        if number + AHEAD * WORKERS < len(batches):
            os.write(tasks, b"x")
        time.sleep(COMPUTE_S)
    for _ in workers:
        os.wait()
    for pair in workers:
        for descriptor in pair:
            os.close(descriptor)


folder = sys.argv[1]
order = random.Random(1)
files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
for _ in range(EPOCHS):
    order.shuffle(files)
    epoch(files)
