-- What the tenant looked like when it was last seen whole, and our own writes since.
CREATE TABLE musicctl.tenant_users (
    user_id      text PRIMARY KEY,
    email        text,
    display_name text,
    roles        text[],  -- NULL: not a list of strings, see `unreadable`
    unreadable   text     -- why the roles cannot be read
);

-- An export is copied in here and checked before it takes the mirror's place.
CREATE TABLE musicctl.tenant_users_incoming (
    user_id      text,
    email        text,
    display_name text,
    roles        text[],
    unreadable   text
);

-- One row: which tenant is mirrored, as of when (NULL: never filled), and how many users it had then.
CREATE TABLE musicctl.mirror (
    id     integer PRIMARY KEY CHECK (id = 1),
    domain text NOT NULL,
    as_of  timestamptz,
    users  bigint NOT NULL DEFAULT 0
);
