-- Owners in the app's tables of whom the tenant said that it has no such user, and when it said so last.
CREATE TABLE musicctl.missing (
    user_id  text PRIMARY KEY,
    asked_at timestamptz NOT NULL
);
