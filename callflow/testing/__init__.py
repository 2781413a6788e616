"""The room of the pytest plugin and the API for tests. Reserved; no code lives here so far."""
