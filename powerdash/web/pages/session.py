"""`pages/auth/Login`: signing in and out, and the organization in force."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from powerdash.accounts.login import LoginRefused
from powerdash.accounts.throttle import LoginThrottled
from powerdash.web import auth
from powerdash.web.body import form_of
from powerdash.web.pages.page import page
from powerdash.web.props import LoginProps


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Show the form, or sign in with what it holds."""
    if request.method == "POST":
        return _sign_in(request)
    wanted = auth.local_path(request.GET.get("next", "/"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(wanted)
    return page(request, "auth/Login", LoginProps({}, wanted))


def _sign_in(request: HttpRequest) -> HttpResponse:
    form = form_of(request)
    wanted = auth.local_path(form.get("next", "/"))
    email, password = form.get("email", ""), form.get("password", "")
    errors = {
        field: "Fill this in."
        for field, value in (("email", email.strip()), ("password", password))
        if not value
    }
    if errors:
        return page(request, "auth/Login", LoginProps(errors, wanted), status=422)
    try:
        user = auth.sign_in(request, email=email, password=password)
    except LoginRefused as error:
        refusal = LoginProps({"credentials": str(error)}, wanted)
        return page(request, "auth/Login", refusal, status=422)
    except LoginThrottled as error:
        refusal = LoginProps({"credentials": str(error)}, wanted)
        response = page(request, "auth/Login", refusal, status=429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    response = HttpResponseRedirect(wanted)
    auth.browser_remember(response, user)
    return response


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.sign_out(request)
    return HttpResponseRedirect("/login")


@require_POST
def organization(request: HttpRequest) -> HttpResponse:
    """Go on in another of the user's organizations."""
    if not auth.organization_switch(request, form_of(request).get("slug", "")):
        raise Http404
    return HttpResponseRedirect("/")
