"""Write the settings of mkdocs that depend on the portal: names, navigation, and the texts of the theme."""

import html
from typing import Any

import yaml

from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.pages import messages
from portal.site import social_images
from portal.site.staging import Tree

# The one in C is ten times as fast, where it was installed.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def mkdocs_settings(settings: Settings, tree: Tree[Any], site_folder: str) -> str:
    """Return the generated settings of mkdocs, which extend the mkdocs.yml of the project."""
    site = settings.site
    content = {
        "INHERIT": "../mkdocs.yml",
        "site_name": html.escape(site.name),
        "site_description": html.escape(site.description),
        "site_url": site.address or None,
        "docs_dir": "pages",
        "site_dir": site_folder,
        "nav": list(tree.navigation),
        "theme": {"custom_dir": "../site_src/theme"},
        "extra": {
            "banner": html.escape(settings.banner),
            "exit_to": html.escape(site.exit_to),
            "partnership": html.escape(site.partnership),
            "card": social_images.NAME if social_images.NAME in tree.cards else "",
            "language": tree.messages.language,
            "direction": tree.messages.direction,
            "words": messages.theme_words(tree.messages, settings.root),
        },
    }
    return f"# Made by portal from {SETTINGS_FILE} and the data packages. Do not edit.\n" + yaml.dump(
        content, Dumper=_DUMPER, sort_keys=False, allow_unicode=True
    )
