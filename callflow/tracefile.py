"""stub"""
from callflow.core.trace import to_line
def write_rows(rows, path):
    path.write_text("".join(to_line(r)+"\n" for r in rows))
