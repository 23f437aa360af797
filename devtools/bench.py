"""`./dev bench`: how fast the pages are, against a database of its own; see benchmarks/README.md."""

from devtools.base import PYTHON
from devtools.demo import app_env, set_up
from devtools.manage import addresses, run_in_foreground


def bench(*, customers: int, requests: int, flags: list[str]) -> int:
    """Beside the running demo or with servers of its own; the demo store is not touched."""
    set_up()
    argv = [PYTHON, "-m", "benchmarks.run", "--customers", str(customers), "--requests", str(requests)]
    with addresses() as urls:
        return run_in_foreground([*argv, *flags], app_env(urls))
