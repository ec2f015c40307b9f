"""Results as text: tables for people, JSON, JSON lines, CSV and TSV for machines. Commands print it."""
