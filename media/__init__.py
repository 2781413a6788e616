"""The media room: sounds as data, tracks rendered to samples, files written and opened. It knows no engine."""
