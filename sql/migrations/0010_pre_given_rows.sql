-- Evaluations on rows that somebody brought are that person's.
-- Evaluations are few (some for each version), so that one lock for all of it is short.

ALTER TABLE cryo.evaluation ADD COLUMN owner_id uuid
    -- squawk-ignore adding-foreign-key-constraint
    CONSTRAINT evaluation_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX evaluation_owner_id_idx ON cryo.evaluation (owner_id);

COMMENT ON COLUMN cryo.evaluation.owner_id IS 'who brought the rows; null for rows that the version was validated on';
