from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("bell/", views.bell, name="bell"),
    path("read-all/", views.notice_read_all, name="notice-read-all"),
    path("<int:pk>/read/", views.notice_read, name="notice-read"),
    path("<int:pk>/done/", views.notice_done, name="notice-done"),
    path("<int:pk>/snooze/", views.notice_snooze, name="notice-snooze"),
]
