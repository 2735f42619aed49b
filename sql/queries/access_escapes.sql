-- name: grant_oneself_a_membership
-- As outsider: join the team as its admin.
INSERT INTO cryo.membership (team_id, user_id, role)
VALUES (CAST(:team AS uuid), CAST(:outsider AS uuid), 'admin')
RETURNING user_id;

-- name: promote_oneself_in_the_team
-- As viewer: become admin of the team.
UPDATE cryo.membership
   SET role = 'admin'
 WHERE user_id = CAST(:viewer AS uuid)
RETURNING user_id;

-- name: promote_oneself_in_the_installation
-- As editor: become admin of the installation.
UPDATE cryo.app_user
   SET role = 'admin'
 WHERE id = CAST(:editor AS uuid)
RETURNING id;

-- name: take_a_row_over
-- As editor: become the owner of a colleague's row.
UPDATE cryo.measurement
   SET owner_id = CAST(:editor AS uuid)
 WHERE id = CAST(:measurement AS bigint)
RETURNING id;

-- name: give_a_row_away
-- As owner: make somebody else the owner.
UPDATE cryo.measurement
   SET owner_id = CAST(:outsider AS uuid)
 WHERE id = CAST(:measurement AS bigint)
RETURNING id;

-- name: move_a_row_to_another_team
-- As outsider: move the team's row into one's own team.
UPDATE cryo.measurement
   SET team_id = CAST(:other_team AS uuid)
 WHERE id = CAST(:measurement AS bigint)
RETURNING id;

-- name: take_a_row_out_of_the_team
-- As owner: make the team's row one's own.
UPDATE cryo.experiment
   SET team_id = NULL
 WHERE id = CAST(:experiment AS uuid)
RETURNING id;

-- name: publish_a_row
-- As team_admin: show the team's row to everybody.
UPDATE cryo.measurement
   SET is_public = true
 WHERE id = CAST(:measurement AS bigint)
RETURNING id;

-- name: write_in_another_name
-- As editor: add a row that a colleague owns.
INSERT INTO cryo.experiment (name, owner_id, team_id)
VALUES ('access check', CAST(:owner AS uuid), CAST(:team AS uuid))
RETURNING id;

-- name: write_into_another_team
-- As outsider: add a row to a team that one does not belong to.
INSERT INTO cryo.experiment (name, owner_id, team_id)
VALUES ('access check', CAST(:outsider AS uuid), CAST(:team AS uuid))
RETURNING id;

-- name: add_to_another_teams_experiment
-- As outsider: hang a measurement of one's own on the team's experiment.
INSERT INTO cryo.measurement (target, property_type_id, molecule_id, name, value, unit, source, row_sha256, experiment_id,
                              owner_id)
SELECT measured.target, measured.property_type_id, measured.molecule_id, 'x', 1, 'K', 'x', repeat('0', 64),
       CAST(:experiment AS uuid), CAST(:outsider AS uuid)
  FROM jsonb_to_record(CAST(:measurement_row AS jsonb)) AS measured (
           target text, property_type_id smallint, molecule_id bigint)
RETURNING id;

-- name: verify_in_another_name
-- As editor: confirm an experiment as somebody else.
INSERT INTO cryo.lab_verification (experiment_id, verifier_id, outcome)
VALUES (CAST(:experiment AS uuid), CAST(:owner AS uuid), 'confirmed')
RETURNING id;

-- name: share_what_belongs_to_others
-- As outsider: share the team's row with oneself.
INSERT INTO cryo.share (measurement_id, grantee_user_id, may, granted_by)
VALUES (CAST(:measurement AS bigint), CAST(:outsider AS uuid), 'edit', CAST(:outsider AS uuid))
RETURNING id;

-- name: pass_a_share_on
-- As guest_editor: share with a third person what one was lent.
INSERT INTO cryo.share (measurement_id, grantee_user_id, may, granted_by)
VALUES (CAST(:measurement AS bigint), CAST(:outsider AS uuid), 'view', CAST(:guest_editor AS uuid))
RETURNING id;

-- name: share_in_another_name
-- As guest_viewer: share as if the owner did.
INSERT INTO cryo.share (measurement_id, grantee_user_id, may, granted_by)
VALUES (CAST(:measurement AS bigint), CAST(:guest_viewer AS uuid), 'edit', CAST(:owner AS uuid))
RETURNING id;

-- name: prolong_a_share
-- As guest_viewer: let a share that one received last for ever, and allow more.
UPDATE cryo.share
   SET expires_at = NULL, may = 'edit'
 WHERE grantee_user_id = CAST(:guest_viewer AS uuid)
RETURNING id;

-- name: point_a_share_elsewhere
-- As owner: turn a share of one's own row into one of another row.
UPDATE cryo.share
   SET measurement_id = measurement_id + 1
 WHERE granted_by = CAST(:owner AS uuid)
   AND measurement_id IS NOT NULL
RETURNING id;

-- name: say_that_one_is_somebody_else
-- As outsider: claim to be the owner by a setting, which only the application's login may.
SELECT measurement.id
  FROM (SELECT set_config('app.user_id', CAST(:owner AS text), true) AS claimed OFFSET 0) AS claim
 CROSS JOIN LATERAL (SELECT id FROM cryo.measurement WHERE id = CAST(:measurement AS bigint) AND claim.claimed <> '')
                 AS measurement;

-- name: map_ones_login_to_somebody_else
-- As outsider: say that one's login is the owner's.
UPDATE cryo.app_login
   SET user_id = CAST(:owner AS uuid)
 WHERE login_role = session_user
RETURNING user_id;

-- name: read_password_hashes
-- As account_admin: read the hashes of passwords.
SELECT password_hash
  FROM cryo.app_user;

-- name: read_tokens
-- As owner: read the hashes of tokens.
SELECT token_sha256
  FROM cryo.api_token;

-- name: empty_a_table
-- As owner: TRUNCATE asks no policy.
TRUNCATE cryo.measurement CASCADE;

-- name: switch_policies_off
-- As owner: remove row level security.
ALTER TABLE cryo.measurement DISABLE ROW LEVEL SECURITY;

-- name: write_a_policy
-- As team_admin: let everybody see everything.
CREATE POLICY everything ON cryo.measurement USING (true);

-- name: hang_a_function_on_a_table
-- As owner: run code of one's own with the rights of whoever writes next.
CREATE TRIGGER eavesdrop BEFORE INSERT ON cryo.measurement FOR EACH ROW
EXECUTE FUNCTION suppress_redundant_updates_trigger();

-- name: shadow_a_function
-- As owner: put a function where policies look for theirs.
CREATE FUNCTION app.uid(integer) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';

-- name: forge_the_audit
-- As editor: write down that somebody else did it.
INSERT INTO cryo.audit_event (actor_id, action, object)
VALUES (CAST(:owner AS uuid), 'forged', 'nothing')
RETURNING id;

-- name: rewrite_the_audit
-- As owner: change what was written down.
UPDATE cryo.audit_event
   SET action = 'nothing'
RETURNING id;

-- name: confirm_a_job
-- As owner: declare work done that was not.
UPDATE cryo.job
   SET status = 'succeeded'
 WHERE owner_id = CAST(:owner AS uuid)
RETURNING id;

-- name: see_through_an_expired_share
-- As former_guest: see what was shared until a second ago.
SELECT id
  FROM cryo.measurement
 WHERE id = CAST(:measurement AS bigint);

-- name: guess_a_key
-- As outsider: learn by a conflict of keys whether a row exists that one may not see.
INSERT INTO cryo.membership (team_id, user_id, role)
VALUES (CAST(:team AS uuid), CAST(:viewer AS uuid), 'viewer')
    ON CONFLICT DO NOTHING
RETURNING user_id;
