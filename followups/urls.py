from django.urls import path

from followups import views

app_name = "followups"
urlpatterns = [
    path("opportunities/<int:opportunity_pk>/contact/", views.contact_log, name="contact-log"),
    path("opportunities/<int:opportunity_pk>/message/", views.message_send, name="message-send"),
    path("<int:pk>/reschedule/", views.followup_reschedule, name="followup-reschedule"),
    path("contacts/<int:pk>/undo/", views.contact_undo, name="contact-undo"),
]
