"""Limit matrix products to one thread."""

from threadpoolctl import threadpool_limits


def one_blas_thread() -> None:
    """Make NumPy and SciPy multiply on the calling thread, for the rest of the process.

    The waiting threads of their BLAS spin. The products here are small, so spinning made a fit cost
    15 times the CPU time, and an answer twice. Bulk work runs in several processes instead.
    """
    threadpool_limits(limits=1, user_api="blas")
