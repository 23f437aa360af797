"""The journeys of a customer who is made anonymous: the facts of the sale stay, the words about the person go."""

from django.db import connection

from core.transactions import service
from opportunities.models import Opportunity, Ownership
from opportunities.services.bulk import opportunities_void_many
from staff.models import User

FORGOTTEN = "forgotten"  # as IMPORT_UNDONE: no reason that a person may choose


@service
def journeys_forget(*, customer_id: int, by: User) -> dict[str, int]:
    """End what is open as void and empty every free text, in the log as well. May be repeated.

    The log is append-only; the database function behind this empties only the words of customers whose erasure is on
    record (customers.Customer.erased_at), whoever calls it.
    """
    rows = Opportunity.objects.filter(customer=customer_id)
    opportunities_void_many(opportunity_ids=list(rows.values_list("pk", flat=True)), reason=FORGOTTEN, by=by)
    count = rows.update(model_text="", colour="", trade_in="", competitor="", close_note="", last_note="")
    Ownership.objects.filter(opportunity__in=rows.values("pk")).exclude(reason="").update(reason="")
    events = Opportunity.pgh_event_model.objects  # type: ignore[attr-defined] # pghistory makes it
    history = events.filter(pgh_obj__in=rows.values("pk")).delete()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT journey_forget(%s)", [customer_id])
        words = cursor.fetchone()[0]
    return {"opportunities": count, "journey": words, "opportunity_history": history}
