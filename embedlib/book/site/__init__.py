"""The site: from executed notebooks to pages."""
