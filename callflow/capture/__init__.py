"""Captures: what a production system logged of its calls, read as calls that can be placed again (`callflow replay`).

A capture is Kazoo's call events, a JSON object a line, or the text of FreeSWITCH's event socket. It comes from
strangers: sizes are bounded, nothing of it is believed, and nothing reaches a terminal unescaped. `live_session` is
the other way round: a call that somebody drives by hand, kept as a scenario (`callflow record`).
"""
