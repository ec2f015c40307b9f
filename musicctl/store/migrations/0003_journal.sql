-- Who ran what, when and how it ended; a run without an end is under way, or was cut off.
CREATE TABLE musicctl.runs (
    run          text PRIMARY KEY,      -- YYYYMMDD-HHMMSS-xxxx, in UTC
    command      text NOT NULL,         -- as it is typed: roles sync, promote, undo, ...
    actor        text NOT NULL,         -- account@host
    present      boolean NOT NULL,      -- whether a person was there: cron otherwise
    profile      text NOT NULL,
    role         text,                  -- which role a run on roles is about
    plan         text,                  -- the fingerprint of what was applied
    undoes       text REFERENCES musicctl.runs,
    lease        text,                  -- which lease it held, and the lease's token
    token        bigint,
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    outcome      text,                  -- ok, partial, or why it stopped
    -- What a sync saw, which the guards of the next one compare with.
    threshold    bigint,
    source       text,
    source_users bigint,
    source_plays numeric,
    tenant_users bigint,
    holders      bigint
);
CREATE INDEX runs_started_at ON musicctl.runs (started_at);

-- What a run meant to write, and what became of it.
CREATE TABLE musicctl.changes (
    run            text NOT NULL REFERENCES musicctl.runs,
    seq            integer NOT NULL,    -- the order in which it was planned
    user_id        text,                -- NULL: an erased listener
    field          text NOT NULL,       -- roles, display_name, total_plays or fav_genre
    target         text,                -- the playlist, for total_plays
    verdict        text NOT NULL,       -- grant, revoke or set
    plays          bigint,
    state          text NOT NULL DEFAULT 'intended',
    before         jsonb,               -- the value as it was read, and as it was written
    after          jsonb,
    status         integer,             -- of the tenant's reply
    correlation_id text,
    detail         text,
    sent_at        timestamptz,
    ended_at       timestamptz,
    PRIMARY KEY (run, seq)
);
CREATE INDEX changes_user_id ON musicctl.changes (user_id);
CREATE INDEX changes_ended_at ON musicctl.changes (ended_at);
CREATE INDEX changes_sent ON musicctl.changes (run) WHERE state = 'sent';

-- At most one writer of each kind; the token only ever grows.
CREATE TABLE musicctl.lease (
    name       text PRIMARY KEY,
    token      bigint NOT NULL,
    holder     text NOT NULL,           -- account@host
    host       text NOT NULL,
    boot_id    text NOT NULL,
    pid        integer NOT NULL,
    since      timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    released   boolean NOT NULL DEFAULT false
);

-- While a row is here, no sync writes.
CREATE TABLE musicctl.holds (
    name       text PRIMARY KEY,        -- the lease that is held back
    reason     text NOT NULL,
    actor      text NOT NULL,
    since      timestamptz NOT NULL DEFAULT clock_timestamp(),
    until      timestamptz              -- NULL: until it is released
);

-- What staff decided for single users, above the plays.
CREATE TABLE musicctl.pins (
    role       text NOT NULL,
    user_id    text NOT NULL,
    state      text NOT NULL CHECK (state IN ('granted', 'revoked')),
    until      timestamptz,             -- NULL: for good
    reason     text NOT NULL,
    actor      text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (role, user_id)
);

-- The dangers that a kept plan was shown with, {name: count}: accepting it waives these and no others.
ALTER TABLE musicctl.plans ADD COLUMN dangers jsonb NOT NULL DEFAULT '{}';
