"""References of docstrings, such as ``:func:`load```: on a page they are code, and a link to what stands there too."""

from __future__ import annotations

import re

ROLE = re.compile(r":(?:func|meth|class|mod|data|attr):<code>~?([\w.]+)</code>")
ANCHOR = re.compile(r'<h\d id="([^"]+)"')


def with_roles(html: str) -> str:
    """The HTML of a page with its references resolved."""
    anchors = ANCHOR.findall(html)

    def resolved(role: re.Match[str]) -> str:
        found = next((name for name in anchors if name == role[1] or name.endswith(f".{role[1]}")), None)
        code = f"<code>{role[1]}</code>"
        return f'<a href="#{found}">{code}</a>' if found else code

    return ROLE.sub(resolved, html)
