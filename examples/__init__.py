"""Example callflows and scenarios, installed as data so that `callflow demo` works anywhere."""
