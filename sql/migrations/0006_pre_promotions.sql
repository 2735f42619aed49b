-- Which version of a model is the current one, how it became so, and how to go back.

CREATE TABLE cryo.promotion (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT promotion_pkey PRIMARY KEY,
    model_version_id bigint NOT NULL
        CONSTRAINT promotion_model_version_id_fkey REFERENCES cryo.model_version (id) ON DELETE RESTRICT,
    depth integer NOT NULL CONSTRAINT promotion_depth_not_negative CHECK (depth >= 0),
    kind text NOT NULL
        CONSTRAINT promotion_kind_known CHECK (kind IN ('found', 'trained', 'promoted', 'rolled_back')),
    is_override boolean NOT NULL DEFAULT false,
    reason text NOT NULL CONSTRAINT promotion_reason_present CHECK (reason <> ''),
    actor_id uuid CONSTRAINT promotion_actor_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    promoted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX promotion_model_version_id_idx ON cryo.promotion (model_version_id);
CREATE INDEX promotion_actor_id_idx ON cryo.promotion (actor_id);

COMMENT ON TABLE cryo.promotion IS
'moves of the current version; the newest one of a target and an owner counts; rows are only added';
COMMENT ON COLUMN cryo.promotion.depth IS
'how many moves can be undone from here; a rollback returns to the newest move of the depth below';
COMMENT ON COLUMN cryo.promotion.is_override IS 'a version without skill was promoted all the same';
COMMENT ON COLUMN cryo.promotion.actor_id IS 'null for local maintenance';

ALTER TABLE cryo.promotion ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
