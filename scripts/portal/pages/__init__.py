"""The pages of the site as frozen views, subject by subject, and the templates that lay them out."""
