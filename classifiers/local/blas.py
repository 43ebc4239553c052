"""How many threads the products of matrices are spread over: one."""

from threadpoolctl import threadpool_limits


def one_blas_thread() -> None:
    """Have NumPy and SciPy multiply on the thread that asks; for good, and for all of the process.

    Their BLAS lets its waiting threads spin. The products here are small, so that cost 15 times
    the processor time of a fit, and twice that of an answer; bulk work runs in processes instead.
    """
    threadpool_limits(limits=1, user_api="blas")
