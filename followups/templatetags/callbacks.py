"""Words about the next callback that stand on buttons."""

from datetime import datetime

from django import template
from django.utils.translation import gettext as _

from core import clock
from core.templatetags.ui import WEEKDAYS, day

register = template.Library()

WEEK_DAYS = 7


@register.filter
def day_word(moment: datetime | None) -> str:
    """The shortest name of a coming moment: today 14:30, tomorrow, within a week "on Mon", then the date; "" for None.

    static/js/followups.js makes the same words for a moment that is typed in.
    """
    if moment is None:
        return ""
    on = clock.local_date(moment)
    ahead = (on - clock.today()).days
    if ahead <= 0:
        return _("today %(time)s") % {"time": f"{clock.local(moment):%H:%M}"}
    if ahead == 1:
        return _("tomorrow")
    return _("on %(day)s") % {"day": str(WEEKDAYS[on.weekday()]) if ahead < WEEK_DAYS else day(moment)}
