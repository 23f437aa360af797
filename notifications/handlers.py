"""What the inbox hears from below."""

from core import events
from notifications.enums import NoticeKind
from notifications.services import notice_create
from staff.events import SecondFactorReset
from staff.selectors import name_of


@events.on(SecondFactorReset)
def tell_the_person(event: SecondFactorReset) -> None:
    """Whoever takes a second factor away cannot do it unseen."""
    notice_create(
        recipient_id=event.user_id,
        kind=NoticeKind.SECOND_FACTOR_RESET,
        url="/staff/security/",
        dedupe_key=f"second_factor_reset:{event.user_id}:{event.at.timestamp()}",
        by=name_of(event.by_id),
    )
