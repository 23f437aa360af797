"""What customers agreed to, and the withdrawal."""

from collections.abc import Sequence
from datetime import datetime

from core import clock
from core.transactions import service
from customers.enums import ConsentChannel, ConsentPurpose
from customers.models import Consent
from customers.services.customers import BATCH, customer_lock
from staff.models import User


@service
def consent_give(
    *,
    customer_id: int,
    purpose: str = ConsentPurpose.CONTACT,
    channel: str = ConsentChannel.ANY,
    text_version: str,
    source: str,
    given_at: datetime,
    by: User | None,
) -> Consent:
    """Record a consent; the one in force stays when there is one."""
    consent, _created = Consent.objects.get_or_create(
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        withdrawn_at=None,
        defaults={"text_version": text_version, "source": source, "given_at": given_at, "recorded_by": by},
    )
    return consent


@service
def consent_withdraw(*, customer_id: int, purpose: str, by: User) -> int:
    """Withdraw every consent for the purpose; returns how many there were."""
    customer_lock(customer_id, by=by)
    return Consent.objects.filter(customer=customer_id, purpose=purpose, withdrawn_at=None).update(
        withdrawn_at=clock.now()
    )


@service
def consents_give_many(
    *, customer_ids: Sequence[int], text_version: str, source: str, given_at: datetime, by: User | None
) -> None:
    """Record the consent of new customers to be contacted about this purchase."""
    Consent.objects.bulk_create(
        [
            Consent(
                customer_id=customer_id,
                purpose=ConsentPurpose.CONTACT,
                channel=ConsentChannel.ANY,
                text_version=text_version,
                source=source,
                given_at=given_at,
                recorded_by=by,
            )
            for customer_id in customer_ids
        ],
        batch_size=BATCH,
    )
