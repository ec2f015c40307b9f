-- Whom a row was given to, so that the history of an account has what it was given.
CREATE INDEX changes_receiver ON musicctl.changes ((after ->> 'user_id')) WHERE verdict IN ('move', 'set');
