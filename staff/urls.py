from django.urls import path

from staff import views

app_name = "staff"
urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("logout/", views.sign_out, name="logout"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.password_change, name="password-change"),
    path("theme/", views.theme, name="theme"),
    path("language/", views.language, name="language"),
    path("leaves/", views.leave_list, name="leave-list"),
    path("leaves/new/", views.leave_new, name="leave-new"),
    path("leaves/<int:pk>/cancel/", views.leave_withdraw, name="leave-cancel"),
]
