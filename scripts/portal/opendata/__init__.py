"""Open data: records of figures as CSV and JSON, an API, metadata and zip files."""
