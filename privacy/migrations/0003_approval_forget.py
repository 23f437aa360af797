"""The one way in which words leave decided requests: of a customer whose erasure is on record."""

from django.db import migrations

# Who asked, who decided, what and when stays; what they wrote about the customer goes.
FORWARD = """
CREATE FUNCTION approval_forget(p_customer bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE emptied integer;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM customers_customer WHERE id = p_customer AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'approval_forget: customer % is not erased', p_customer;
    END IF;
    PERFORM set_config('pgtrigger.ignore', array_agg(tgname)::text, true) FROM pg_trigger
        WHERE tgrelid = 'approvals_approvalrequest'::regclass AND tgname ~ '^pgtrigger_(ended_is_final|question_is_fixed)';
    UPDATE approvals_approvalrequest AS request SET reason = '', comment = ''
    WHERE request.subject_type = 'opportunities.Opportunity' AND (request.reason, request.comment) <> ('', '')
        AND request.state <> 'pending'
        AND request.subject_id IN (SELECT id FROM opportunities_opportunity WHERE customer_id = p_customer);
    GET DIAGNOSTICS emptied = ROW_COUNT;
    PERFORM set_config('pgtrigger.ignore', '{}', true);
    RETURN emptied;
END $$;
-- operations.services.roles gives it to the role of the application.
REVOKE EXECUTE ON FUNCTION approval_forget(bigint) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0002_periods"),
        ("approvals", "0001_initial"),
        ("customers", "0006_erased"),
        ("opportunities", "0005_journey_forget"),
    ]
    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION approval_forget(bigint)")]
