"""The room of the training page: a call in the browser, live. Reserved; no code lives here so far."""
