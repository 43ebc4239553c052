"""Limit matrix products to one thread."""

from threadpoolctl import threadpool_limits


def one_blas_thread() -> None:
    """Make NumPy and SciPy multiply on the calling thread, for the rest of the process.

    BLAS threads that wait for work use a whole core each. The products here are small, so this made
    a fit take 15 times the CPU time, and an answer twice as much. Bulk work runs in several
    processes instead.
    """
    threadpool_limits(limits=1, user_api="blas")
