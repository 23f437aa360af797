from celery import shared_task

from core.heartbeats import beat
from workbench.services import export_build_next, export_expire_next, tally_close_next


@shared_task(name="workbench.export_build", ignore_result=True, soft_time_limit=540, time_limit=600)
def export_build(limit: int = 20) -> int:
    """Beat: every 5 seconds. Returns how many files were handled (at most `limit`); deletes those that are over."""
    handled = 0
    while handled < limit and export_build_next():
        handled += 1
    while export_expire_next():
        pass
    beat("workbench.export_build", handled=handled)
    return handled


@shared_task(name="workbench.tallies", ignore_result=True, soft_time_limit=240, time_limit=270)
def tallies(limit: int = 100) -> int:
    """Beat: every minute. Returns how many days were counted (at most `limit`)."""
    counted = 0
    while counted < limit and tally_close_next():
        counted += 1
    beat("workbench.tallies", counted=counted)
    return counted
