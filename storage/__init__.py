"""The storage room: really delivers finished recordings, and receives them (design §2.1, §12; B§6).

Heavy libraries (httpx2, SQLAlchemy, Starlette, uvicorn) are imported by the one module that needs each, on use only.
"""
