-- Signing in: an account is locked for a while after many failures, and a session that was signed out ends everywhere.

ALTER TABLE cryo.app_user ADD COLUMN failed_sign_ins integer NOT NULL DEFAULT 0
    CONSTRAINT app_user_failed_sign_ins_counted CHECK (failed_sign_ins >= 0);
ALTER TABLE cryo.app_user ADD COLUMN locked_until timestamptz;

COMMENT ON COLUMN cryo.app_user.failed_sign_ins IS 'wrong passwords since the last right one';
COMMENT ON COLUMN cryo.app_user.locked_until IS 'until then not even the right password signs in; null if never locked';

CREATE TABLE cryo.signed_out (
    session_id uuid CONSTRAINT signed_out_pkey PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT signed_out_user_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

CREATE INDEX signed_out_user_id_idx ON cryo.signed_out (user_id);

COMMENT ON TABLE cryo.signed_out IS 'sessions that were signed out before their time was over; kept until it is';
ALTER TABLE cryo.signed_out ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
