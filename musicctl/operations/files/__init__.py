"""Files of rows in CSV, TSV or JSON lines: read into what COPY takes, and the place of each bad line."""
