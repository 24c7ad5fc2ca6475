"""The figures for programs and spreadsheets: records, an API, metadata and zip files."""
