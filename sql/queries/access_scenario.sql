-- name: people
-- Accounts, two teams and who belongs to them; all of it is rolled back when the play is over.
WITH person AS (
    INSERT INTO cryo.app_user (id, name, role, password_hash)
    SELECT CAST(new.id AS uuid), 'access check ' || new.id, new.role, '$argon2id$none'
      FROM jsonb_to_recordset(CAST(:people AS jsonb)) AS new (id text, role text)
    RETURNING id
), team AS (
    INSERT INTO cryo.team (id, name)
    SELECT CAST(team_id AS uuid), 'access check ' || team_id
      FROM unnest(ARRAY[:team, :other_team]) AS team_id
    RETURNING id
)
SELECT count(*) AS made
  FROM person, team;

-- name: memberships
-- Who belongs to the team and who to the other one.
INSERT INTO cryo.membership (team_id, user_id, role)
SELECT CAST(new.team AS uuid), CAST(new.id AS uuid), new.role
  FROM jsonb_to_recordset(CAST(:memberships AS jsonb)) AS new (team text, id text, role text);

-- name: act_as
-- From now on the session of the administrator stands for this person.
INSERT INTO cryo.app_login AS known (login_role, user_id)
VALUES (session_user, CAST(:person AS uuid))
    ON CONFLICT (login_role) DO UPDATE
   SET user_id = excluded.user_id;

-- name: molecule
-- A structure.
INSERT INTO cryo.molecule (smiles, inchikey, is_public)
VALUES ('C', left(upper(translate(md5(:salt), '0123456789', 'ghijklmnop')), 14) || '-ACCESSCHEC-N', :is_public)
RETURNING to_jsonb(molecule) AS content;

-- name: molecule_identifier
-- A name of a structure.
INSERT INTO cryo.molecule_identifier (molecule_id, kind, value, is_public)
VALUES (:molecule, 'name', 'access check', :is_public)
RETURNING to_jsonb(molecule_identifier) AS content;

-- name: mixture
-- A composition.
INSERT INTO cryo.mixture (composition_sha256, is_public)
VALUES (encode(sha256(convert_to(:salt, 'UTF8')), 'hex'), :is_public)
RETURNING to_jsonb(mixture) AS content;

-- name: mixture_component
-- A part of a composition.
INSERT INTO cryo.mixture_component (mixture_id, position, material, name, amount, unit)
VALUES (:mixture, 1, 'serum', 'serum', 1, '% w/w')
RETURNING to_jsonb(mixture_component) AS content;

-- name: experiment
-- Work at the bench.
INSERT INTO cryo.experiment (name, team_id, owner_id, is_public)
VALUES ('access check', CAST(:team AS uuid), CAST(:owner AS uuid), :is_public)
RETURNING to_jsonb(experiment) AS content;

-- name: lab_verification
-- Somebody's attempt to repeat an experiment.
INSERT INTO cryo.lab_verification (experiment_id, verifier_id, outcome)
VALUES (CAST(:experiment AS uuid), CAST(:owner AS uuid), 'confirmed')
RETURNING to_jsonb(lab_verification) AS content;

-- name: measurement
-- A measured value.
INSERT INTO cryo.measurement (target, property_type_id, molecule_id, name, value, unit, source, row_sha256, team_id,
                              experiment_id, owner_id, is_public)
SELECT 'tg', property_type.id, :molecule, 'access check', 200, 'K', 'access check',
       encode(sha256(convert_to(:salt, 'UTF8')), 'hex'), CAST(:team AS uuid), CAST(:experiment AS uuid),
       CAST(:owner AS uuid), :is_public
  FROM cryo.property_type
 WHERE property_type.name = 'glass_transition_temperature'
RETURNING to_jsonb(measurement) AS content;

-- name: dataset_snapshot
-- Rows that a model learned from.
INSERT INTO cryo.dataset_snapshot (target, sha256, row_count, content, team_id, is_public)
VALUES ('tg', encode(sha256(convert_to(:salt, 'UTF8')), 'hex'), 1, '[{}]', CAST(:team AS uuid), :is_public)
RETURNING to_jsonb(dataset_snapshot) AS content;

-- name: model
-- The line of versions of a target that has none yet.
WITH new_target AS (
    INSERT INTO cryo.target (name, subject, unit)
    VALUES ('access_check', 'smiles', 'K')
    RETURNING name
)
INSERT INTO cryo.model (target)
SELECT new_target.name
  FROM new_target
RETURNING to_jsonb(model) AS content;

-- name: model_version
-- A trained model.
INSERT INTO cryo.model_version (model_id, version, dataset_snapshot_id, dataset_sha256, artifact_sha256, metrics, verdict,
                                seed, recipe, library_versions)
SELECT :model, :version, dataset_snapshot.id, dataset_snapshot.sha256, dataset_snapshot.sha256, '{}', 'skill', 0, '{}',
       '{}'
  FROM cryo.dataset_snapshot
 WHERE dataset_snapshot.id = CAST(:dataset_snapshot AS uuid)
RETURNING to_jsonb(model_version) AS content;

-- name: evaluation
-- The scores of a model.
INSERT INTO cryo.evaluation (model_version_id, kind, split, metrics, baselines, rows, is_public, owner_id)
VALUES (:model_version, 'access check', 'none', '{}', '{}', '[]', :is_public, CAST(:owner AS uuid))
RETURNING to_jsonb(evaluation) AS content;

-- name: promotion
-- A move of the current version.
INSERT INTO cryo.promotion (model_version_id, depth, kind, reason, actor_id)
VALUES (:model_version, 0, 'promoted', 'access check', CAST(:admin AS uuid))
RETURNING to_jsonb(promotion) AS content;

-- name: prediction
-- A predicted value.
INSERT INTO cryo.prediction (model_version_id, subject, value, unit, lower, upper, confidence, in_training, in_domain,
                             team_id, owner_id, is_public)
VALUES (:model_version, 'C', 1, 'K', 0, 2, 0.9, false, false, CAST(:team AS uuid), CAST(:owner AS uuid), :is_public)
RETURNING to_jsonb(prediction) AS content;

-- name: share
-- Something that one person lets another view or edit, or once did.
INSERT INTO cryo.share (experiment_id, measurement_id, prediction_id, grantee_user_id, may, granted_by, created_at,
                        expires_at)
VALUES (CAST(:experiment AS uuid), CAST(:measurement AS bigint), CAST(:prediction AS bigint), CAST(:grantee AS uuid), :may,
        CAST(:owner AS uuid), now() - interval '2 days',
        CASE WHEN :is_over THEN now() - interval '1 second' ELSE now() + interval '1 day' END)
RETURNING to_jsonb(share) AS content;

-- name: app_login
-- A personal login.
INSERT INTO cryo.app_login (login_role, user_id)
VALUES (CAST(:salt AS name), CAST(:owner AS uuid))
RETURNING to_jsonb(app_login) AS content;

-- name: api_token
-- A key for a program.
INSERT INTO cryo.api_token (user_id, name, scope, token_sha256, expires_at)
VALUES (CAST(:owner AS uuid), 'access check', 'read', encode(sha256(convert_to(:salt, 'UTF8')), 'hex'),
        now() + interval '1 day')
RETURNING to_jsonb(api_token) AS content;

-- name: provider_identity
-- Whom a provider of identities knows.
INSERT INTO cryo.provider_identity (issuer, subject, user_id)
VALUES ('https://provider.example', :salt, CAST(:owner AS uuid))
RETURNING to_jsonb(provider_identity) AS content;

-- name: request_key
-- A key of a request that began work.
INSERT INTO cryo.request_key (owner_id, key, request_sha256)
VALUES (CAST(:owner AS uuid), :salt, encode(sha256(convert_to(:salt, 'UTF8')), 'hex'))
RETURNING to_jsonb(request_key) AS content;

-- name: signed_out
-- A session that was signed out.
INSERT INTO cryo.signed_out (session_id, user_id, expires_at)
VALUES (CAST(:salt AS uuid), CAST(:owner AS uuid), now() + interval '1 day')
RETURNING to_jsonb(signed_out) AS content;

-- name: audit_event
-- Something that was done.
INSERT INTO cryo.audit_event (actor_id, action, object)
VALUES (CAST(:owner AS uuid), 'access_check', 'nothing')
RETURNING to_jsonb(audit_event) AS content;

-- name: job
-- Long work, given up.
INSERT INTO cryo.job (kind, status, owner_id)
VALUES ('access_check', 'cancelled', CAST(:owner AS uuid))
RETURNING to_jsonb(job) AS content;

-- name: report_run
-- A run of a notebook.
INSERT INTO cryo.report_run (name, owner_id)
VALUES ('access check', CAST(:owner AS uuid))
RETURNING to_jsonb(report_run) AS content;

-- name: health_run
-- A check of the database.
INSERT INTO cryo.health_run (checked_at, status, error_count, warning_count, info_count, seconds, report)
VALUES (now(), 'ok', 0, 0, 0, 0, '{}')
RETURNING to_jsonb(health_run) AS content;

-- name: backup_set
-- A backup.
INSERT INTO cryo.backup_set (id, kind, started_at, seconds, bytes, manifest)
VALUES ('00010101T000000Z-dump', 'dump', now(), 0, 1, '{}')
RETURNING to_jsonb(backup_set) AS content;

-- name: backup_drill
-- A restore that was tried.
INSERT INTO cryo.backup_drill (backup_set_id, is_passed, recovery_seconds, report)
VALUES ('00010101T000000Z-dump', true, 0, '{}')
RETURNING to_jsonb(backup_drill) AS content;

-- name: quarantined_row
-- A row that lost its parent.
INSERT INTO quarantine.quarantined_row (table_schema, table_name, key, reason, content)
VALUES ('cryo', 'none', '{}', 'access check', '{}')
RETURNING to_jsonb(quarantined_row) AS content;

-- name: property_type
-- A quantity.
INSERT INTO cryo.property_type (name, unit, plausible_lower, plausible_upper)
VALUES ('access_check', 'K', 0, 1)
RETURNING to_jsonb(property_type) AS content;

-- name: target
-- What models predict.
INSERT INTO cryo.target (name, subject, unit)
VALUES ('access_check_other', 'smiles', 'K')
RETURNING to_jsonb(target) AS content;

-- name: existing
-- One row of a table that is there already, by the columns of its key.
SELECT to_jsonb(team) AS team, to_jsonb(membership) AS membership, to_jsonb(app_user) AS app_user
  FROM cryo.team
  JOIN cryo.membership ON membership.team_id = team.id
  JOIN cryo.app_user ON app_user.id = CAST(:owner AS uuid)
 WHERE team.id = CAST(:team AS uuid)
   AND membership.user_id = CAST(:viewer AS uuid);
