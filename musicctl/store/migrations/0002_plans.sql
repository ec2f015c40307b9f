-- Plans that were shown, so that `--accept-plan` can apply what was reviewed and nothing else.
CREATE TABLE musicctl.plans (
    role        text NOT NULL,
    fingerprint text NOT NULL,
    threshold   bigint NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now(),
    changes     jsonb NOT NULL,  -- [[verdict, user_id], ...] in plan order
    PRIMARY KEY (role, fingerprint)
);
