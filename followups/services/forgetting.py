"""What was said to a customer who is made anonymous."""

from core.transactions import service
from followups.models import Contact, FollowUp


@service
def contacts_forget(*, customer_id: int) -> dict[str, int]:
    """Empty the words of contacts and callbacks; when and by whom stays, because work is counted by it."""
    contacts = Contact.objects.filter(customer=customer_id).update(sentence="", evidence={})
    return {"contacts": contacts, "callbacks": FollowUp.objects.filter(customer=customer_id).update(note="")}
