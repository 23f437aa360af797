import pytest
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy, override

from core.errors import Conflict, DomainError, LimitReached
from core.forms import NoteField, PhoneField, report_errors
from core.phones import PhoneKind


class ContactForm(forms.Form):
    phone = PhoneField()
    note = NoteField(required=False)


def valid_form(**data):
    form = ContactForm({"phone": "138 0013 8000", "note": "calls back", **data})
    assert form.is_valid()
    return form


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def test_report_errors_shows_a_refusal_at_its_input():
    form = valid_form()

    with report_errors(form):
        raise DomainError("Taken by %(name)s.", field="phone", code="taken", params={"name": "王"})

    assert not form.is_valid()
    assert form.errors == {"phone": ["Taken by 王."]}
    assert form.has_error("phone", "taken")


@pytest.mark.parametrize("field", [None, "owner"])
def test_report_errors_shows_what_has_no_input_at_the_top(field):
    form = valid_form()

    with report_errors(form):
        raise DomainError("No.", field=field)

    assert form.errors == {"__all__": ["No."]}


def test_report_errors_spreads_the_errors_of_a_model():
    form = valid_form()

    with report_errors(form):
        raise ValidationError({"note": ["Too rude.", "Too long."], "version": "Old."})

    assert form.errors == {"note": ["Too rude.", "Too long."], "__all__": ["Old."]}


def test_report_errors_shows_a_plain_validation_error_at_the_top():
    form = valid_form()

    with report_errors(form):
        raise ValidationError("No.")

    assert form.errors == {"__all__": ["No."]}


def test_report_errors_leaves_a_good_form_alone():
    form = valid_form()

    with report_errors(form):
        pass

    assert form.is_valid()


def test_report_errors_lets_missing_permission_through():
    with pytest.raises(PermissionDenied), report_errors(valid_form()):
        raise PermissionDenied


def test_domain_errors_carry_a_code_and_what_is_now():
    conflict = Conflict(gettext_lazy("Changed."), current={"grade": "VIP"})

    assert (conflict.code, conflict.current, conflict.text) == ("conflict", {"grade": "VIP"}, "Changed.")
    assert LimitReached("Enough.", code="reschedule").code == "reschedule"
    assert LimitReached("Enough.").code == "limit"


@pytest.mark.parametrize(("raw", "phone"), [("138-0013-8000", "+8613800138000"), ("0756-6898829", "+867566898829")])
def test_phone_field_gives_the_stored_form(raw, phone):
    assert PhoneField().clean(raw) == phone


@pytest.mark.parametrize(("raw", "code"), [("1380013800", "too_short"), ("", "required"), ("1" * 41, "max_length")])
def test_phone_field_says_what_is_wrong(raw, code):
    form = ContactForm({"phone": raw})

    assert form.has_error("phone", code)


def test_phone_field_may_be_empty_or_limited_to_mobiles():
    assert PhoneField(required=False).clean("  ") == ""
    with pytest.raises(ValidationError, match="mobile number"):
        PhoneField(kinds=(PhoneKind.MOBILE,)).clean("0756-6898829")


def test_phone_field_shows_the_stored_number_as_people_write_it():
    assert 'value="0756-6898829"' in str(ContactForm(initial={"phone": "+867566898829"})["phone"])
    assert 'value="138 001"' in str(ContactForm({"phone": "138 001"})["phone"])
    assert 'inputmode="tel"' in str(ContactForm()["phone"])


def test_note_field_keeps_lines_and_emoji_and_drops_controls():
    assert NoteField().clean(" 一\r\n二😀\x00\u202e䶮 ") == "一\n二😀䶮"
    assert NoteField(required=False).clean(None) == ""


def test_note_field_counts_a_line_end_once():
    text = "\r\n".join(["a"] * 1000)

    assert len(NoteField(max_length=1999).clean(text)) == 1999


def test_note_field_refuses_what_does_not_fit():
    with pytest.raises(ValidationError) as refused:
        NoteField().clean("长" * 2001)

    assert refused.value.messages == ["This note has 2,001 characters; at most 2,000 fit. Please shorten it."]


def test_note_field_refuses_blank_lines_only_when_required():
    with pytest.raises(ValidationError) as refused:
        NoteField().clean("\r\n \u200b")

    assert refused.value.code == "required"
