"""The HTML report of a run: one file, one time axis, no network; `page.report_html` writes it (docs/report.md)."""
