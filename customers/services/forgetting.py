"""What is left of a customer who asked to be forgotten, or whose data was kept for long enough."""

from core import clock
from core.private_files import file_shred
from core.transactions import service
from customers.defaults import PSEUDONYM
from customers.models import Consent, Customer, CustomerIdentity, CustomerPhone
from customers.selectors import documents_of
from staff.models import User

SHREDDED = "made anonymous"


@service
def customer_forget(*, customer_id: int, by: User | None) -> dict[str, int]:
    """Make a customer anonymous for good: name, numbers, documents, and the history of all of them.

    Consents stay as evidence of what was agreed, without the words of their source. May be repeated.
    Returns how many rows of each kind lost something.
    """
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    now = clock.now()
    Customer.objects.filter(pk=customer.pk).update(
        name=PSEUDONYM % {"number": customer.pk},
        contact_person="",
        gender="",
        area="",
        preferred_time="",
        pinyin="",
        search_terms=[],
        is_do_not_contact=True,
        erased_at=customer.erased_at or now,
        version=customer.version + 1,
        updated_at=now,
    )
    pictures = documents_of(customer.pk)
    for picture in pictures:
        file_shred(file_id=picture.pk, reason=SHREDDED, by=by)
    consents = Consent.objects.filter(customer=customer)
    consents.filter(withdrawn_at=None).update(withdrawn_at=now)
    counts = {
        "phones": CustomerPhone.objects.filter(customer=customer).delete()[0],
        "documents": CustomerIdentity.objects.filter(customer=customer).delete()[0],
        "pictures": len(pictures),
        "consents": consents.exclude(source="").update(source=""),
    }
    # The change just made wrote the old name into the history, so this comes last.
    history = Customer.pgh_event_model.objects  # type: ignore[attr-defined] # pghistory makes it
    counts["history"] = history.filter(pgh_obj_id=customer.pk).delete()[0]
    return counts
