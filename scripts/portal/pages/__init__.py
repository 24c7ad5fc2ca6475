"""The pages of the site as frozen views, family by family, and the templates that lay them out."""
