-- What is staged here is never committed, so there is nothing that a crash could lose.
DROP TABLE musicctl.tenant_users_incoming;
CREATE UNLOGGED TABLE musicctl.tenant_users_incoming (
    user_id      text,
    email        text,
    display_name text,
    roles        text[],
    unreadable   text
);
