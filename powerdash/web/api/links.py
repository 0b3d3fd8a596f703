"""Addresses of the other parts of a list."""

from django.http import HttpRequest

from powerdash.web.api.answers import Links
from powerdash.web.props import PageProps


def links_of(request: HttpRequest, page: PageProps) -> Links:
    """Return the addresses of the first, the neighboring and the last part."""

    def link(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"{request.path}?{query.urlencode()}"

    return Links(
        first=link(1),
        prev=link(min(page.page - 1, page.pages)) if page.page > 1 else None,
        next=link(page.page + 1) if page.page < page.pages else None,
        last=link(page.pages),
    )
